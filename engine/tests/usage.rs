//! The count of bytes that tensors take. A process of its own: whatever runs beside it is counted, too.

#![cfg(feature = "torch")]

use segc_engine::torch::memory::{count_cpu, reset_peak, usage};
use tch::{Device, Kind, Tensor};

const BIG: u64 = 256 << 20;
const SMALL: u64 = 1 << 10;

fn bytes(count: u64) -> Tensor {
    Tensor::empty([count as i64], (Kind::Uint8, Device::Cpu))
}

#[test]
fn live_and_peak_bytes_follow_the_tensors() {
    count_cpu().expect("no error");
    let cpu = || usage(Device::Cpu).expect("the CPU is counted");
    let begun = cpu().live;
    let big = bytes(BIG);
    assert_eq!(cpu().live, begun + BIG, "large blocks count as what was asked for");
    let small = bytes(SMALL);
    let more = cpu().live - begun - BIG;
    assert!((SMALL..2 * SMALL).contains(&more), "small ones as what the heap gave: {more}");
    drop(big);
    assert_eq!(cpu().live, begun + more);
    assert_eq!(cpu().peak, begun + BIG + more);
    drop(small);
    assert_eq!(cpu().live, begun);
    reset_peak(Device::Cpu).expect("the CPU is counted");
    assert_eq!(cpu().peak, begun);
    // A block that was given back is taken again.
    let again = bytes(BIG);
    assert_eq!(cpu().live, begun + BIG);
    drop(again);
    assert_eq!(cpu().live, begun);
}
