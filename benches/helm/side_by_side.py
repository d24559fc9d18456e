"""Our renders and Helm's, in turn, on the same charts: times, memory, and that both print the same amount.

    python side_by_side.py --corpus DIR --helm PROGRAM --fleet PROGRAM --bench PROGRAM [--rounds N] [CHART...]

The python is one with helm-python-sdk 0.2.2 (Helm v4.2.3 as a library). Each round runs ours and Helm's one after the other, and
what is reported is the median of each; see README.md.
"""
import argparse, json, os, statistics, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from measured import run

SMALL = "rancher+fleet-test-data/qa-test-apps/ignore-missing-resources/with-diff/job-delete-chart"
PROGRAM = {
    "small chart": SMALL,
    "ingress-nginx": "kubernetes+ingress-nginx/charts/ingress-nginx",
    "cert-manager": "cert-manager+cert-manager/deploy/charts/cert-manager",
    "argo-workflows": "argoproj+argo-helm/charts/argo-workflows",
    "keda": "kedacore+charts/keda",
    "longhorn": "longhorn+longhorn/chart",
}
LIBRARY = PROGRAM | {
    "kube-prometheus-stack": "prometheus-community+helm-charts/charts/kube-prometheus-stack",
    "argo-cd": "argoproj+argo-helm/charts/argo-cd",
}


def programs(charts, options):
    print("\n| program | helm | fleet | times faster | CPU times | memory helm | memory fleet | share |")
    print("|---|---|---|---|---|---|---|---|")
    for name, chart in charts.items():
        command = ["template", "rel", chart, "-n", "ns"]
        ours_command = [options.fleet, "render", "helm", "rel", chart, "-n", "ns"]
        theirs, ours = [], []
        for _ in range(options.rounds):
            ours.append(run(ours_command))
            theirs.append(run([options.helm, *command]))
        if ours[0].length != theirs[0].length:
            print(f"different length of output: {name}: {ours[0].length}, helm {theirs[0].length}", file=sys.stderr)
        wall, cpu, memory = (tuple(statistics.median(it[i] for it in side) for side in (theirs, ours)) for i in range(3))
        print(
            f"| {name} | {wall[0] / 1e6:.1f} ms | {wall[1] / 1e6:.2f} ms | {wall[0] / wall[1]:.1f} | {cpu[0] / max(cpu[1], 1):.1f} "
            f"| {memory[0] / 1024:.0f} MiB | {memory[1] / 1024:.0f} MiB | {memory[1] / memory[0]:.2f} |"
        )


def native(chart):
    """Times of loading and of rendering by Helm's library, and the bytes it rendered."""
    start = time.perf_counter_ns()
    loaded = helm.Chart.load(chart)
    middle = time.perf_counter_ns()
    text = _native.call_string("helm_render", loaded._raw(), "{}", json.dumps({"name": "rel", "namespace": "ns"}))
    end = time.perf_counter_ns()
    loaded.close()
    return middle - start, end - middle, sum(len(it.encode()) for it in json.loads(text).values())


def library(charts, options):
    # Not before: what this process holds when it starts a program counts as that program's peak.
    global helm, _native
    import helm_python as helm
    from helm_python import _native

    server = subprocess.Popen([options.bench, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ours(what, chart):
        server.stdin.write(f"{what} {chart}\n")
        return tuple(map(int, server.stdout.readline().split()))

    print("\n| in process | Helm: load + render | ours: load + render | times faster | ours: parsed chart | against Helm's load + render | against its render |")
    print("|---|---|---|---|---|---|---|")
    for name, chart in charts.items():
        load, render, whole, parsed = [], [], [], []
        for turn in range(options.rounds):
            a, bytes_ours = ours("whole", chart)
            b, _ = ours("parsed", chart)
            c, d, bytes_theirs = native(chart)
            if turn == 0:
                if bytes_ours != bytes_theirs:
                    print(f"different bytes: {name}: {bytes_ours}, Helm {bytes_theirs}", file=sys.stderr)
                continue  # The first round fills caches.
            whole.append(a), parsed.append(b), load.append(c), render.append(d)
        whole, parsed, load, render = (statistics.median(it) / 1e6 for it in (whole, parsed, load, render))
        both = load + render
        print(
            f"| {name} | {load:.1f} + {render:.1f} ms | {whole:.2f} ms | {both / whole:.1f} | {parsed:.2f} ms "
            f"| {both / parsed:.1f} | {render / parsed:.1f} |"
        )
    server.stdin.close()
    server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True, help="folder with helm/charts")
    parser.add_argument("--helm", required=True)
    parser.add_argument("--fleet", required=True)
    parser.add_argument("--bench", required=True, help="the built bench: target/release/deps/helm-*")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("chart", nargs="*", help="names of the table; all by default")
    options = parser.parse_args()

    def chosen(charts):
        root = os.path.join(os.path.abspath(options.corpus), "helm", "charts")
        return {name: os.path.join(root, path) for name, path in charts.items() if not options.chart or name in options.chart}

    programs(chosen(PROGRAM), options)
    library(chosen(LIBRARY), options)


if __name__ == "__main__":
    main()
