//! A module's functions by index and by the offsets of their bodies.

use std::ops::Range;

/// The offsets of all function bodies.
#[derive(Debug, Default)]
pub(super) struct Functions {
    imported: u32,
    /// In module order, which is ascending.
    bodies: Vec<Range<usize>>,
}

impl Functions {
    pub(super) fn add_import(&mut self) {
        self.imported = self.imported.saturating_add(1);
    }

    pub(super) fn add_body(&mut self, body: Range<usize>) {
        self.bodies.push(body);
    }

    /// The function whose body contains this offset.
    pub(super) fn at(&self, offset: usize) -> Option<u32> {
        let place = self.bodies.partition_point(|body| body.end <= offset);
        self.bodies.get(place)?.contains(&offset).then_some(())?;
        self.imported.checked_add(u32::try_from(place).ok()?)
    }

    /// The offsets of a function's body.
    pub(super) fn body(&self, index: u32) -> Option<Range<usize>> {
        let place = usize::try_from(index.checked_sub(self.imported)?).ok()?;
        self.bodies.get(place).cloned()
    }

    /// Where the last body ends; 0 if there are none.
    pub(super) fn end(&self) -> usize {
        self.bodies.last().map_or(0, |body| body.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_any_offset_of_its_body() {
        let mut functions = Functions::default();
        functions.add_import();
        functions.add_body(10..14);
        functions.add_body(15..20);
        let at: Vec<_> = [9, 10, 13, 14, 15, 19, 20].into_iter().map(|offset| functions.at(offset)).collect();
        assert_eq!(at, [None, Some(1), Some(1), None, Some(2), Some(2), None]);
        assert_eq!((functions.body(0), functions.body(1), functions.body(3)), (None, Some(10..14), None));
        assert_eq!(functions.end(), 20);
    }
}
