//! What a run takes, said before it is begun: memory, time, disk; and the plan that says so and
//! names all that the run is made from. No tensors: what a step takes in time is measured by the
//! engine and told to [`time`].

pub mod digest;
pub mod machine;
pub mod need;
pub mod plan;
pub mod time;
