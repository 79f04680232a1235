//! Import circles between the modules of a crate.

use crate::assert_no_violations;
use crate::source::{production_code, rust_files, used_paths};
use std::collections::{BTreeMap, BTreeSet};

/// A module: its crate's folder and its path from the crate's root.
type Module = (String, Vec<String>);

fn module_of(file: &str) -> Option<Module> {
    let (folder, path) = file.split_once("/src/")?;
    let mut path: Vec<String> = path.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        path.pop();
    }
    Some((folder.to_owned(), path))
}

/// The module that `path` names from `module`, if it is one of the same crate.
fn resolve(modules: &BTreeSet<Module>, module: &Module, path: &str) -> Option<Module> {
    let (folder, own) = module;
    let parts: Vec<&str> = path.split("::").collect();
    let supers = parts.iter().take_while(|part| **part == "super").count();
    let absolute: Vec<String> = match parts.first().copied()? {
        "crate" => parts.into_iter().skip(1).map(str::to_owned).collect(),
        "super" => own
            .iter()
            .take(own.len().checked_sub(supers)?)
            .cloned()
            .chain(parts.into_iter().skip(supers).map(str::to_owned))
            .collect(),
        "self" => own.iter().cloned().chain(parts.into_iter().skip(1).map(str::to_owned)).collect(),
        _ => own.iter().cloned().chain(parts.into_iter().map(str::to_owned)).collect(),
    };
    let longest = (1..=absolute.len()).rev().filter_map(|length| absolute.get(..length));
    longest.map(|path| (folder.clone(), path.to_vec())).find(|module| modules.contains(module))
}

/// Whether one module contains the other. A module may use its children, and children what their parent declares.
fn is_nested(one: &Module, other: &Module) -> bool {
    one.0 == other.0 && (one.1.starts_with(&other.1) || other.1.starts_with(&one.1))
}

fn reachable(arrows: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(module) = open.pop() {
        for next in arrows.get(&module).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    found
}

#[test]
fn no_modules_import_each_other() {
    let files: Vec<(Module, String)> = rust_files().filter_map(|file| Some((module_of(&file)?, file))).collect();
    let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, file) in &files {
        let used = used_paths(&production_code(file));
        let targets = used.iter().filter_map(|path| resolve(&modules, module, path));
        arrows.entry(module.clone()).or_default().extend(targets.filter(|target| !is_nested(module, target)));
    }
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reachable(&arrows, module))).collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, targets) in &reached {
        let circle: Vec<String> = targets
            .iter()
            .filter(|target| reached.get(target).is_some_and(|back| back.contains(*module)))
            .map(|(folder, path)| format!("{folder}:{}", path.join("::")))
            .collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    let violations: Vec<String> = circles.into_iter().map(|circle| circle.join(" <-> ")).collect();
    assert_no_violations("move what both need to a module below", &violations);
}
