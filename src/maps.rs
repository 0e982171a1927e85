//! Maps and sets with a quick hash. Those that are indexed keep the order of insertion; the order of
//! the others is nobody's to see.

use rustc_hash::FxBuildHasher;

pub use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// A map in the order of insertion.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;

/// A set in the order of insertion.
pub type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;
