//! Lets the engine find libtorch when it runs, wherever the checkout or the installation lies.

/// Where libtorch may lie, seen from the folder of the executable: in a checkout (`target/release`,
/// `target/release/deps`), in an installation (`bin` beside `lib`), or packed together.
const LIBTORCH_FROM_EXE: [&str; 4] =
    ["../../third_party/libtorch/lib", "../../../third_party/libtorch/lib", "../lib", "lib"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Said here and not in .cargo/config.toml, whose flags RUSTFLAGS would replace.
    for dir in LIBTORCH_FROM_EXE {
        println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/{dir}");
    }
}
