#!/bin/sh
# usage: build.sh FOLDER      Builds etcd, kube-apiserver and kube-controller-manager into FOLDER.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"
# Kubernetes' version is set by its own build, which this is not; /version is what Helm charts ask for.
version=$(sed -n 's|^\tk8s.io/kubernetes ||p' go.mod)
minor=${version#v1.}
package=k8s.io/component-base/version
flags="-s -w -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%.*}"
go build -mod=readonly -trimpath -ldflags "$flags -X $package.gitTreeState=clean" -o "$folder/control-plane" .
for program in etcd kube-apiserver kube-controller-manager; do
  ln -f "$folder/control-plane" "$folder/$program"
done
