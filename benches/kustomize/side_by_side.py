"""Our builds and kubectl's, in turn, on the same kustomizations: times, memory, and that both print the same.

    python side_by_side.py --corpus DIR --kubectl PROGRAM --fleet PROGRAM [--rounds N] [CASE...]

Each round runs ours and kubectl's one after the other; what is reported is the median of each. See README.md.
"""
import argparse, json, os, statistics, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from measured import run


def measure(folder, options, rounds):
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run([options.fleet, "render", "kustomize", folder], digest=True))
        theirs.append(run([options.kubectl, "kustomize", folder], digest=True))
    if ours[0].digest != theirs[0].digest:
        print(f"different output: {folder}", file=sys.stderr)
    median = lambda side, field: statistics.median(getattr(one, field) for one in side)
    return median(theirs, "wall"), median(ours, "wall"), median(theirs, "memory"), median(ours, "memory")


def row(name, figures):
    theirs, ours, their_memory, our_memory = figures
    print(
        f"| {name} | {theirs / 1e6:.1f} ms | {ours / 1e6:.2f} ms | {theirs / ours:.1f} | {their_memory / 1024:.0f} MiB "
        f"| {our_memory / 1024:.0f} MiB | {our_memory / their_memory:.2f} |",
        flush=True,
    )


def maps(folder, count):
    """A kustomization of one file with so many ConfigMaps."""
    os.makedirs(folder)
    with open(os.path.join(folder, "kustomization.yaml"), "w") as file:
        file.write("namePrefix: p-\nresources: [maps.yaml]\n")
    with open(os.path.join(folder, "maps.yaml"), "w") as file:
        for i in range(count):
            file.write(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map-{i}\ndata:\n  key: value {i}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True, help="folder with kustomize/cases.jsonl")
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--fleet", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("case", nargs="*", help="parts of names of builds; all by default")
    options = parser.parse_args()
    root = os.path.join(os.path.abspath(options.corpus), "kustomize")
    with open(os.path.join(root, "cases.jsonl")) as file:
        cases = [json.loads(line) for line in file]
    cases = [case for case in cases if case["status"] == "ok"]
    if options.case:
        cases = [case for case in cases if any(part in case["case"] for part in options.case)]
    found = {case["case"]: measure(os.path.join(root, case["dir"]), options, options.rounds) for case in cases}
    print("\n| build | kubectl | fleet | times faster | memory kubectl | memory fleet | share |")
    print("|---|---|---|---|---|---|---|")
    by_time = sorted(found.items(), key=lambda item: item[1][0])
    shown = by_time if options.case else by_time[-12:]
    for name, figures in shown:
        row(name, figures)
    ratios = {name: theirs / ours for name, (theirs, ours, _, _) in found.items()}
    slow = {name: ratios[name] for name, figures in found.items() if figures[0] > 100e6}
    if ratios:
        least = min(ratios, key=ratios.get)
        print(f"\n{len(ratios)} builds, median {statistics.median(ratios.values()):.1f} times, least {ratios[least]:.1f} ({least})")
    if slow:
        least = min(slow, key=slow.get)
        print(f"{len(slow)} over 100 ms, median {statistics.median(slow.values()):.1f} times, least {slow[least]:.1f} ({least})")
    if options.case:
        return
    print("\n| one file | kubectl | fleet | times faster | memory kubectl | memory fleet | share |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for count in (1000, 4000):
            path = os.path.join(folder, str(count))
            maps(path, count)
            figures = measure(path, options, max(3, options.rounds // 2))
            times[count] = figures[1]
            row(f"{count} ConfigMaps", figures)
    print(f"\nfour times as many take us {times[4000] / times[1000]:.2f} times as long")


main()
