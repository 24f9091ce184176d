// InfluxDB's server and nothing else: no web interface, no tools for files of older versions.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/influxdata/influxdb/v2"
	"github.com/influxdata/influxdb/v2/cmd/influxd/launcher"
	_ "github.com/influxdata/influxdb/v2/tsdb/engine/tsm1"
	_ "github.com/influxdata/influxdb/v2/tsdb/index/tsi1"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
)

// Set by the linker.
var version = "unknown"

func main() {
	influxdb.SetBuildInfo(version, "none", time.Now().UTC().Format(time.RFC3339))
	command, err := launcher.NewInfluxdCommand(context.Background(), viper.New())
	if err == nil {
		command.AddCommand(&cobra.Command{
			Use:   "version",
			Short: "Print the server's version",
			Run:   func(*cobra.Command, []string) { fmt.Printf("InfluxDB %s\n", version) },
		})
		command.SilenceUsage = true
		err = command.Execute()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
