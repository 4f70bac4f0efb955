"""Fuzzes each target for a while and prints what was covered; fails where a target proves nothing.

usage: fuzz.py PROGRAM WORK SECONDS [TARGET …]

WORK keeps the corpus from run to run, the seeds, and found/, what stopped a target. A target fails when an input stops
it, when none of the Swift code that it calls is instrumented, and when its corpus holds nothing but what it began with:
then the fuzzer is blind, or everything is turned away at the door.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

CASES = pathlib.Path(__file__).parent / "Cases"
OPTIONS = ["-rss_limit_mb=4096", "-timeout=20"]


def symbolizer():
    """Tells Swift's code from C's; it comes with Swift."""
    swift = shutil.which("swift")
    beside = pathlib.Path(swift).resolve().parent / "llvm-symbolizer" if swift else None
    found = str(beside) if beside and beside.exists() else shutil.which("llvm-symbolizer")
    return found or sys.exit("llvm-symbolizer is missing: it comes with Swift's toolchain, and with Debian's llvm")


def run(program, target, *arguments, seeds=None):
    # Foundation leaks a page for each empty file, and the firmware keeps its memory for life; what grows without bound
    # is found by the limit. The sanitizer tells of a crash, not Swift's runtime.
    environment = dict(os.environ, FUZZ_TARGET=target, ASAN_OPTIONS="detect_leaks=0", ASAN_SYMBOLIZER_PATH=symbolizer(),
                       SWIFT_BACKTRACE="enable=no")
    if seeds:
        environment["FUZZ_SEEDS"] = str(seeds)
    return subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, text=True,
                          errors="replace")


def targets(program):
    """All there are, as the program names them when it is asked for none."""
    # That it ends so is no find.
    unhandled = [f"-handle_{signal}=0" for signal in ("abrt", "ill", "segv", "trap")]
    names = re.search(r"set one of \[(.*?)\]", run(program, "", *unhandled).stderr)
    return re.findall(r"\w+", names[1])


def swift_edges(program, target, folders):
    """Edges of Swift functions that the corpus reaches, and how many functions: by the symbols of what was covered."""
    text = run(program, target, "-runs=0", "-print_coverage=1", *folders).stderr
    functions = edges = 0
    for line in text.splitlines():
        covered = re.match(r"COVERED_FUNC: hits: \d+ edges: (\d+)/\d+ (.*)", line)
        if covered and ".swift" in covered[2]:
            functions += 1
            edges += int(covered[1])
    return functions, edges


def fuzz(program, work, seconds, target):
    corpus, seeds, found = work / "corpus" / target, work / "seeds" / target, work / "found"
    shutil.rmtree(seeds, ignore_errors=True)
    for folder in corpus, seeds, found:
        folder.mkdir(parents=True, exist_ok=True)
    written = run(program, target, seeds=seeds)
    if written.returncode or not any(seeds.iterdir()):
        sys.exit(f"{target}: no seeds: {written.stderr}")
    given = [folder for folder in (seeds, CASES / target) if folder.is_dir()]
    result = run(program, target, f"-max_total_time={seconds}", "-print_final_stats=1", *OPTIONS,
                 f"-artifact_prefix={found}/{target}-", corpus, *given)
    log = work / f"{target}.log"
    log.write_text(result.stderr)
    runs = re.search(r"number_of_executed_units: (\d+)", result.stderr)
    coverage = re.findall(r"cov: (\d+)", result.stderr)
    functions, edges = swift_edges(program, target, [corpus, *given])
    grown = sum(1 for _ in corpus.iterdir())
    verdict = "good"
    if result.returncode:
        verdict = f"STOPPED, see {log} and {found}"
    elif edges == 0:
        verdict = "BLIND: no Swift code is covered"
    elif grown == 0:
        verdict = "STANDS STILL: nothing but the seeds"
    print(f"{target:<10} {int(runs[1]) if runs else 0:>10} {coverage[-1] if coverage else 0:>7} {edges:>7} "
          f"{functions:>7} {grown:>7}  {verdict}", flush=True)
    return verdict == "good"


def main():
    program, work, seconds = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    print(f"{'target':<10} {'inputs':>10} {'edges':>7} {'Swift':>7} {'funcs':>7} {'corpus':>7}", flush=True)
    good = [fuzz(program, work, seconds, target) for target in sys.argv[4:] or targets(program)]
    sys.exit(0 if all(good) else 1)


main()
