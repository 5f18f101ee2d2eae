//! Matching a module against a convention's evidence: which of its functions play the recipe's roles.

use super::evidence::{Evidence, How, Pattern, Role};
use super::region::{Place, region};
use super::{Candidate, Fit, Module, WEAK, near_miss, reject};
use crate::abi::built_in::{Replacement, built_in};
use crate::abi::names::{Kind, is_service, list, may_transform, size_getter};
use crate::abi::recipe::{Recipe, is_wasi};
use crate::guest::{Import, Signature};

/// The score of a fixed region if the module exports where free memory begins.
const REGION_AT_BASE: u32 = 35;

/// The matches found so far in a module.
struct Match<'m, 'a> {
    module: &'m Module<'a>,
    /// The convention's name.
    name: &'m str,
    /// Its recipe, parsed when it is first needed: most conventions do not match.
    recipe: Option<Recipe>,
    score: u32,
    reasons: Vec<String>,
    doubts: Vec<String>,
    /// For each function in the recipe, the module's counterpart.
    found: Vec<(String, Replacement)>,
    /// Whether a mark was found that is rare in other modules.
    marked: bool,
}

/// Matches a module against a convention.
///
/// # Errors
/// The piece of evidence that is missing.
pub(super) fn candidate(module: &Module<'_>, name: &str, evidence: &Evidence) -> Fit<Candidate> {
    let mut all = Match::new(module, name, evidence.score);
    all.marks(evidence)?;
    if let Some(role) = &evidence.import {
        all.import(role)?;
    }
    for role in &evidence.roles {
        let marked = all.marked;
        all.role(role).map_err(|why| if marked { near_miss(why.words) } else { why })?;
    }
    let found = std::mem::take(&mut all.found);
    all.recipe().replace_calls(&found);
    let mut candidate = all.finish();
    if let Some(name) = &evidence.place {
        place(&mut candidate, name, module);
    }
    evidence.doubts.iter().for_each(|doubt| candidate.doubt(doubt));
    if let Some(doubt) = &evidence.alone {
        let others = module.interface.funcs().map(|(name, _)| name).filter(|name| may_transform(name));
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            candidate.score = WEAK;
            candidate.doubt(format!("{doubt} ({})", list(&others)));
        }
    }
    Ok(candidate)
}

/// Sets a name in the recipe to the start of the module's free memory.
fn place(candidate: &mut Candidate, name: &str, module: &Module<'_>) {
    let (place, why) = region(module.interface);
    candidate.reasons.push(why);
    match place {
        Place::Base => {
            candidate.score = REGION_AT_BASE;
            candidate.recipe.place_at_global(name, "__heap_base");
        }
        Place::Address(addr) => candidate.recipe.place_at(name, addr),
    }
}

impl<'m, 'a> Match<'m, 'a> {
    fn new(module: &'m Module<'a>, name: &'m str, score: u32) -> Match<'m, 'a> {
        let (reasons, doubts, found) = (Vec::new(), Vec::new(), Vec::new());
        Match { module, name, recipe: None, score, reasons, doubts, found, marked: false }
    }

    fn recipe(&mut self) -> &mut Recipe {
        let name = self.name;
        self.recipe.get_or_insert_with(|| built_in(name).expect("it is in the list"))
    }

    fn finish(mut self) -> Candidate {
        let recipe = std::mem::take(self.recipe());
        Candidate { recipe, score: self.score, reasons: self.reasons, doubts: self.doubts, text: None }
    }

    /// Checks the marks of a toolchain or a host.
    fn marks(&mut self, evidence: &Evidence) -> Fit<()> {
        let interface = self.module.interface;
        if let Some(from) = &evidence.imports {
            let (found, what) = match from.as_str() {
                "wasi" => (interface.imports.iter().any(is_wasi), "functions of WASI".to_owned()),
                name => (interface.imports.iter().any(|import| import.module == name), format!("functions of {name}")),
            };
            if !found {
                return Err(reject(format!("it does not import {what}")));
            }
            self.reasons.push(format!("it imports {what}"));
        }
        if let Some(missing) = evidence.exports.iter().find(|name| self.module.signature(name).is_none()) {
            return Err(reject(format!("it does not export {missing}")));
        }
        if !evidence.exports.is_empty() {
            self.reasons.push(format!("it exports {}", evidence.exports.join(", ")));
        }
        self.marked = evidence.imports.is_some() || !evidence.exports.is_empty();
        Ok(())
    }

    /// Finds the import that the recipe handles.
    fn import(&mut self, role: &Role) -> Fit<()> {
        let funcs = self.module.interface.imported_funcs();
        let fits = |import: &Import, ty: &Signature| role.matches(ty) && role.is_named(&import.name);
        let fitting: Vec<_> = funcs.filter(|(_, import, ty)| fits(import, ty)).map(|(_, import, _)| import).collect();
        let import = match fitting[..] {
            [one] => one,
            [] => return Err(reject(format!("no import has a name and type that suggest that it {}", role.does()))),
            ref many => {
                let names: Vec<_> = many.iter().map(|import| import.name.as_str()).collect();
                let names = list(&names);
                return Err(near_miss(format!("several imports could be the one that {}: {names}", role.does())));
            }
        };
        self.reasons.push(format!("{} {}", import.full_name(), role.does()));
        for handler in &mut self.recipe().handlers {
            if format!("{}.{}", handler.module, handler.name) == role.name {
                (handler.module, handler.name) = (import.module.clone(), import.name.clone());
            }
        }
        Ok(())
    }

    /// Finds the export for a role.
    fn role(&mut self, role: &Role) -> Fit<()> {
        let found = match &role.how {
            How::Type => self.module.transform(&role.types).map(Some),
            How::Called(names) => self.called(role, names),
            How::SizeOf(other) => {
                let other = self.found.iter().find(|(name, _)| name == other).map(|(_, own)| own.export.as_str());
                let getters = self.module.of_types(&role.types);
                Ok(other.and_then(|other| size_getter(&getters, other)))
            }
            How::Named { kinds, first, or_alone } => self.named(role, kinds, *first, *or_alone),
        };
        match found? {
            Some(export) => self.take(role, export),
            None if role.optional => {
                self.recipe().without(&role.name);
                self.doubts.push(format!("no export {}", role.does()));
            }
            None => return Err(reject(format!("no export has a name and type that suggest that it {}", role.does()))),
        }
        Ok(())
    }

    /// Assigns an export to a role.
    fn take(&mut self, role: &Role, export: &'a str) {
        let Some(ty) = self.module.signature(export) else { return };
        let reason = match (&role.does, role.transform) {
            (Some(does), _) => format!("{export} {does}"),
            (None, _) => format!("{export} has the transform's type, {ty}"),
        };
        self.reasons.push(reason);
        if role.transform && !ty.results.is_empty() && self.recipe().drops_results_of(&role.name) {
            self.doubts.push(format!("the result of {export} is ignored; it may be an error code"));
        }
        let own = Replacement { export: export.to_owned(), params: ty.params.len() };
        self.found.push((role.name.clone(), own));
    }

    fn called(&mut self, role: &Role, names: &[String]) -> Fit<Option<&'a str>> {
        if role.transform
            && let Some(call) = self.module.call.filter(|call| !names.iter().any(|name| name == call))
        {
            return Err(reject(format!("{} {}, but --call names {call}", role.name, role.does())));
        }
        let fits = |name: &str, ty: &Signature| {
            let called = |wanted: &String| match wanted.strip_suffix('*') {
                // The name's suffix may be a mere number, so require the usual type.
                Some(start) => name.starts_with(start) && role.types.iter().any(|pattern| pattern.full == *ty),
                None => name == wanted && role.matches(ty),
            };
            names.iter().any(called)
        };
        let found = self.module.interface.funcs().find(|(name, ty)| fits(name, ty)).map(|(name, _)| name);
        if found.is_none() && !role.optional {
            let why = match self.module.signature(&role.name) {
                Some(ty) => near_miss(format!(
                    "its export {} is {ty}, which is not the type of a function that {}",
                    role.name,
                    role.does()
                )),
                None => reject(format!("it does not export {}", role.name)),
            };
            return Err(why);
        }
        self.marked |= found.is_some();
        Ok(found)
    }

    fn named(&mut self, role: &Role, kinds: &[Kind], first: bool, or_alone: bool) -> Fit<Option<&'a str>> {
        let fitting = self.module.of_types(&role.types);
        let named: Vec<_> = fitting.iter().copied().filter(|name| role.is_named(name)).collect();
        let plausible: Vec<_> = match named.is_empty() && or_alone {
            true => fitting.into_iter().filter(|name| !is_service(name) && !Kind::Size.names(name)).collect(),
            false => Vec::new(),
        };
        match (&named[..], &plausible[..]) {
            ([one], _) => {
                // Two matching words in one name are unlikely to be a coincidence.
                self.marked |= kinds.len() > 1;
                Ok(Some(one))
            }
            ([one, ..], _) if first => Ok(Some(one)),
            ([], [one]) => {
                self.score = WEAK;
                self.doubts.push(format!("the name of {one} does not confirm it"));
                Ok(Some(one))
            }
            ([], []) => Ok(None),
            (many, others) => {
                let names = list(if many.is_empty() { others } else { many });
                let words =
                    format!("several exports could be the one that {}: {names}; a recipe can choose one", role.does());
                Err(if many.is_empty() { reject(words) } else { near_miss(words) })
            }
        }
    }
}

impl Role {
    fn matches(&self, ty: &Signature) -> bool {
        self.types.iter().any(|pattern| pattern.matches(ty))
    }

    /// Whether a name matches its evidence.
    fn is_named(&self, name: &str) -> bool {
        match &self.how {
            How::Named { kinds, .. } => kinds.iter().all(|kind| kind.names(name)),
            _ => true,
        }
    }

    fn does(&self) -> &str {
        self.does.as_deref().unwrap_or("is the transform")
    }
}

impl<'a> Module<'a> {
    /// The only export of that type that has no other role. Tries the types in order.
    fn transform(&self, types: &[Pattern]) -> Fit<&'a str> {
        let mut outcome = Err(reject("no export has the transform's type"));
        for pattern in types {
            outcome = outcome.or_else(|_: super::Why| self.transform_of(pattern));
        }
        outcome
    }

    fn transform_of(&self, pattern: &Pattern) -> Fit<&'a str> {
        let ty = &pattern.full;
        let fitting = self.of_types(std::slice::from_ref(pattern));
        if let Some(name) = self.call {
            return match (fitting.iter().find(|fit| **fit == name), self.signature(name)) {
                (Some(name), _) => Ok(name),
                (None, Some(other)) => Err(reject(format!("`{name}` is {other}, but the transform must be {ty}"))),
                (None, None) => Err(reject(self.interface.lacks(name))),
            };
        }
        let plausible: Vec<_> = fitting.iter().copied().filter(|name| may_transform(name)).collect();
        match (&plausible[..], &fitting[..]) {
            ([one], _) if self.is_library() => Err(near_miss(format!(
                "{one} is the only export of the transform's type, {ty}, but the module exports many functions; if it is \
                 the transform, pass --call {one}"
            ))),
            ([one], _) => Ok(one),
            ([], []) => Err(reject(format!("no export has the transform's type, {ty}"))),
            ([], several) => {
                let names = list(several);
                Err(reject(format!(
                    "the names of the exports with the transform's type, {ty}, suggest other functions: {names}"
                )))
            }
            (many, _) => {
                let names = list(many);
                Err(near_miss(format!("several exports could be the transform: {names}; choose one with --call NAME")))
            }
        }
    }

    /// The exported functions of these types.
    fn of_types(&self, types: &[Pattern]) -> Vec<&'a str> {
        let fitting = self.interface.funcs().filter(|(_, ty)| types.iter().any(|pattern| pattern.matches(ty)));
        fitting.map(|(name, _)| name).collect()
    }
}
