"""`fleet apply -o -` and reading the same files alone, in turn, on a folder of bundles: times, memory, and how many times the reading
the whole takes.

    python side_by_side.py --fleet PROGRAM --programs FOLDER [--bundles N]... [--rounds N]

FOLDER holds make_repository and read_folder. See the README of the folder above.
"""
import argparse, os, statistics, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from measured import run


def measure(options, count):
    subprocess.run([os.path.join(options.programs, "make_repository"), ".", str(count)], check=True)
    apply = [options.fleet, "apply", "-o", "-", "repository", "apps"]
    read = [os.path.join(options.programs, "read_folder"), "apps"]
    # Files come from the cache of the system for both: the first round fills it.
    run(read), run(apply)
    applied, alone = [], []
    for _ in range(options.rounds):
        alone.append(run(read))
        applied.append(run(apply))
    median = lambda side, field: statistics.median(getattr(one, field) for one in side)
    ratios = [median(applied, field) / median(alone, field) for field in ("wall", "cpu")]
    print(
        f"| {count:,} | {median(alone, 'wall') / 1e6:.1f} ms | {median(applied, 'wall') / 1e6:.1f} ms | {ratios[0]:.2f} "
        f"| {median(alone, 'cpu') / 1e6:.1f} ms | {median(applied, 'cpu') / 1e6:.1f} ms | {ratios[1]:.2f} "
        f"| {median(applied, 'memory') / 1024:.0f} MiB | {applied[0].length / 1e6:.1f} MB |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleet", required=True)
    parser.add_argument("--programs", required=True, help="folder with make_repository and read_folder")
    parser.add_argument("--bundles", type=int, action="append", help="how many; 1,000 by default")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    options.fleet, options.programs = os.path.abspath(options.fleet), os.path.abspath(options.programs)
    # No commit, so that nobody looks for a repository around the folder.
    os.environ["COMMIT"] = "none"
    print("| bundles | reading alone | fleet apply | times | CPU | CPU | times | memory | printed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count in options.bundles or [1000]:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            measure(options, count)
            os.chdir("/")


main()
