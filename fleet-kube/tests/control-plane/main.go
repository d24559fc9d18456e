// A Kubernetes control plane in one program: it is etcd, kube-apiserver or kube-controller-manager by the name under
// which it is called, so that one link of the large shared part serves all three.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func component(command func() *cobra.Command) func() int {
	return func() int { return cli.Run(command()) }
}

func main() {
	programs := map[string]func() int{
		"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
		"kube-apiserver":          component(apiserver.NewAPIServerCommand),
		"kube-controller-manager": component(controllers.NewControllerManagerCommand),
	}
	name := filepath.Base(os.Args[0])
	if program, known := programs[name]; known {
		os.Exit(program())
	}
	var names []string
	for name := range programs {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "%s: call this program by one of the names %s\n", name, strings.Join(names, ", "))
	os.Exit(2)
}
