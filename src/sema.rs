//! From syntax trees to a space: names, values, types, decisions, one graph per network.

mod apply;
mod body;
mod build;
mod builtin;
mod choice;
mod eval;
mod frame;
mod kernels;
pub mod load;
mod memo;
pub mod module;
pub mod plan;
pub mod sites;
mod space;
mod text;
mod trellis;
mod value;

pub use load::{Program, load};
pub use space::{Net, Space, analyse};
pub use value::{InstanceId, PathValue};
