//! Compiles the C++ shim and lets the engine find libtorch when it runs, wherever the checkout or
//! the installation lies.

/// Where libtorch may lie, seen from the folder of the executable: in a checkout (`target/release`,
/// `target/release/deps`), in an installation (`bin` beside `lib`), or packed together.
#[cfg(feature = "torch")]
const LIBTORCH_FROM_EXE: [&str; 4] =
    ["../../third_party/libtorch/lib", "../../../third_party/libtorch/lib", "../lib", "lib"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "torch")]
    torch();
}

#[cfg(feature = "torch")]
fn torch() {
    // As RUNPATH, which LD_LIBRARY_PATH precedes.
    println!("cargo::rustc-link-arg=-Wl,--enable-new-dtags");
    // Said here and not in .cargo/config.toml, whose flags RUSTFLAGS would replace.
    for dir in LIBTORCH_FROM_EXE {
        println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/{dir}");
    }
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    let libtorch = std::env::var("LIBTORCH").expect("set by .cargo/config.toml");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .files(["shim/context.cpp", "shim/conv.cpp", "shim/memory.cpp", "shim/tensors.cpp"])
        // As system headers, so that only the shim's own warnings are shown.
        .flag("-isystem")
        .flag(format!("{libtorch}/include"))
        // The ABI that torch-sys compiles for.
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .compile("segc_shim");
}
