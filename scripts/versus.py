"""PyTorch eager and ONNX Runtime against `segc bench` on one network: same input, same threads, in
turn, so that whatever slows the machine down meets all of them. Tests do not need it.

Needs Python 3.11 with

    pip install torch==2.11.0 onnx onnxruntime numpy safetensors

and what the example `outside` writes, which is the network that all three compute:

    cargo run --release -p segc-engine --example outside -- SPEC 512x1024 DIR
    python scripts/versus.py SPEC DIR --segc target/release/segc

It first checks that PyTorch and ONNX Runtime compute what segc computes. `--profile` also lists how
long ONNX Runtime took for each kind of kernel. `--clock cpu` counts time in the processor instead of
time on the wall, which keeps ratios on a machine that others use; take `--threads 1` with it, since
threads that wait for each other count as busy.
"""

import argparse
import collections
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

ACTS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "hardswish": F.hardswish,
}


class Network(torch.nn.Module):
    """The kernels of `network.json`, one after the other, as one would write them by hand."""

    def __init__(self, nodes, weights):
        super().__init__()
        self.nodes = nodes
        self.layers = torch.nn.ModuleDict()
        for node in nodes:
            if node["op"] in ("conv", "norm"):
                self.layers[str(node["id"])] = layer(node, weights)
        last = {}
        for node in nodes:
            for value in node["inputs"]:
                last[value] = node
        # Values go after their last use, as variables of a hand-written module do.
        self.done = [[v for v, at in last.items() if at is node] for node in nodes]

    def forward(self, image):
        values = {}
        for node, done in zip(self.nodes, self.done):
            inputs = [values[value] for value in node["inputs"]]
            for value in done:
                del values[value]
            if node["op"] == "output":
                return inputs[0]
            values[node["id"]] = image if node["op"] == "input" else self.apply_node(node, inputs)

    def apply_node(self, node, inputs):
        x, op = inputs[0], node["op"]
        if op in ("conv", "norm"):
            return self.layers[str(node["id"])](x)
        if op == "act":
            return ACTS[node["act"]](x)
        if op == "max_pool":
            return F.max_pool2d(x, node["kernel"], node["stride"], node["pad"])
        if op == "avg_pool":
            how = dict(count_include_pad=False)
            return F.avg_pool2d(x, node["kernel"], node["stride"], node["pad"], **how)
        if op == "global_pool":
            return F.adaptive_avg_pool2d(x, 1)
        if op == "resize":
            size = tuple(inputs[1].shape[2:]) if node["like"] else tuple(node["size"])
            if size == tuple(x.shape[2:]):
                return x
            if node["interp"] == "nearest":
                return F.interpolate(x, size, mode="nearest")
            return F.interpolate(x, size, mode="bilinear", align_corners=node["aligned"])
        if op == "add":
            return sum(inputs[1:], x)
        if op == "mul":
            return x * inputs[1]
        if op == "concat":
            return torch.cat(inputs, 1)
        if op == "slice":
            return x[:, node["from"] : node["from"] + node["len"]]
        assert op == "same", op
        return x


def layer(node, weights):
    """A convolution or a norm with its weights."""
    own = {k.rpartition(".")[2]: v for k, v in weights.items() if k.rpartition(".")[0] == node["weights"]}
    if node["op"] == "conv":
        out, per_group = own["weight"].shape[:2]
        made = torch.nn.Conv2d(
            per_group * node["groups"], out, node["kernel"], node["stride"], node["pad"],
            node["rate"], node["groups"], node["bias"],
        )
    else:
        made = torch.nn.BatchNorm2d(own["running_mean"].numel(), node["eps"], affine=node["affine"])
    missing, unexpected = made.load_state_dict(own, strict=False)
    assert not unexpected and set(missing) <= {"num_batches_tracked"}, (node, missing, unexpected)
    return made


def session_of(network, image, threads, folder, profile):
    path = pathlib.Path(folder) / "network.onnx"
    torch.onnx.export(network, (image,), str(path), opset_version=18, dynamo=False,
                      input_names=["image"], output_names=["out"], do_constant_folding=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = str(pathlib.Path(folder) / "profile")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def agree(name, got, want):
    off = float(np.abs(got - want).max() / np.abs(want).max())
    print(f"{name} is off by {off:.1e} of the largest value")
    assert off < 1e-3, f"{name} computes something else"


def took(run, args):
    """Median and least time of some runs, in milliseconds."""
    clock = time.process_time if args.clock == "cpu" else time.perf_counter
    times = []
    for _ in range(args.runs):
        begun = clock()
        run()
        times.append((clock() - begun) * 1e3)
    return statistics.median(times), min(times)


def bench(args, shape):
    """The same of `segc bench`; of time in the processor just the mean can be known."""
    if args.clock == "wall":
        result, _ = segc(args, shape, args.runs)
        return result["median_ms"], result["min_ms"]
    (_, one), (_, more) = segc(args, shape, 1), segc(args, shape, 1 + args.runs)
    return ((more - one) * 1e3 / args.runs,) * 2


def segc(args, shape, runs):
    """One `segc bench`: its result, and its seconds in the processor."""
    command = [args.segc, "bench", args.spec, "--input", "x".join(map(str, shape)), "--runs",
               str(runs), "--threads", str(args.threads), "--format", "json"]
    spent = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before = spent()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["results"][0], spent() - before


def kernels(session, runs):
    """Milliseconds per run of each kind of kernel."""
    sums = collections.Counter()
    for event in json.load(open(session.end_profiling())):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            sums[event["args"]["op_name"]] += event["dur"] / 1e3 / runs
    return sums.most_common()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("spec")
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--segc", default="segc")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5, help="runs of each in a round")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    description = json.load(open(args.dir / "network.json"))
    sample = load_file(args.dir / "sample.safetensors")
    image, want = sample["input"], sample["output"].numpy()
    network = Network(description["nodes"], load_file(args.dir / "weights.safetensors")).eval()
    with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        agree("PyTorch", network(image).numpy(), want)
        session = session_of(network, image, args.threads, folder, False)
        feed = {"image": image.numpy()}
        agree("ONNX Runtime", session.run(None, feed)[0], want)
        ways = {
            "PyTorch eager": lambda: took(lambda: network(image), args),
            "ONNX Runtime": lambda: took(lambda: session.run(None, feed), args),
            "segc bench": lambda: bench(args, description["input"]),
        }
        all_times = {name: [] for name in ways}
        for turn in range(args.rounds):
            for name, way in ways.items():
                all_times[name].append(way())
            told = ", ".join(f"{name} {times[-1][0]:.1f}" for name, times in all_times.items())
            print(f"round {turn + 1}: {told}", flush=True)
        report(description, args, all_times)
        if args.profile:
            watched = session_of(network, image, args.threads, folder, True)
            for _ in range(args.runs):
                watched.run(None, feed)
            for kind, ms in kernels(watched, args.runs):
                print(f"  {kind:24} {ms:8.2f} ms")


def report(description, args, all_times):
    print(f"{description['net']} at {description['input']}, {args.threads} threads, {args.clock} clock, "
          f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}; ms")
    medians = {name: statistics.median(m for m, _ in times) for name, times in all_times.items()}
    least = {name: min(l for _, l in times) for name, times in all_times.items()}
    for name in all_times:
        ratio, at_least = medians[name] / medians["segc bench"], least[name] / least["segc bench"]
        print(f"  {name:14} median {medians[name]:8.1f}  least {least[name]:8.1f}  "
              f"this/segc {ratio:5.2f} at the median, {at_least:5.2f} at the least")


if __name__ == "__main__":
    main()
