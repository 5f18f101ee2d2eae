//! Pictures of the screen.

use super::*;
use crate::front::tui::state::effect::PictureFile;

#[test]
fn a_picture_shows_what_the_screen_shows() {
    let mut bench = Bench::new(Theme::COLORED);
    std::fs::create_dir_all(&bench.full.pictures).expect("the folder for what is temporary is there");
    bench.send("a<b&c");
    bench.draw(120, 40);
    bench.key(KeyCode::F(12));
    let notice = bench.full.app.status.notice.clone().expect("it says so");
    let path = notice.strip_prefix("saved the screen as ").expect("it was saved");
    let svg = std::fs::read_to_string(path).expect("it is there");
    assert!(svg.contains("a&lt;b&amp;c Wasm") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("fill=\"#cdcd00\"/>"), "what the guest changed has a background");
    let path = bench.full.pictures.join("screen.txt");
    let folder = bench.full.pictures.clone();
    let named = |name: &str| PictureFile::Named { path: folder.join(name), overwrite: false };
    bench.full.save_picture(named("screen.txt")).expect("it is saved");
    let plain = std::fs::read_to_string(&path).expect("it is there");
    assert!(plain.contains("a<b&c Wa") && plain.contains("step 3 of 5"), "{plain}");
    assert!(bench.full.save_picture(named("screen.png")).is_err());
    std::fs::remove_dir_all(&bench.full.pictures).expect("it is ours");
}
