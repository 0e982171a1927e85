//! From syntax trees to a space: names, values, types, decisions, one graph per network.

mod apply;
mod arguments;
mod arms;
mod body;
mod build;
mod builtin;
mod call;
mod cases;
mod choice;
mod decimals;
mod eval;
mod frame;
mod given;
mod globals;
mod join;
mod kernels;
mod lattice;
mod lists;
pub mod load;
mod memo;
pub mod module;
mod names;
mod networks;
mod numbers;
mod params;
mod partial;
mod picks;
pub mod plan;
pub mod sites;
mod slices;
mod space;
mod sums;
#[cfg(test)]
mod testing;
mod text;
mod trellis;
mod unread;
mod value;

pub use load::{Program, load};
pub use networks::{Early, Wanted};
pub use space::{Net, Space, analyse, analyse_early};
pub use value::{InstanceId, PathValue};
