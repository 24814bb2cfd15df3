// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// FerretDB with its SQLite back end, embedded: a server that is not ours for the plain part of the
// runner over libmongoc. Usage: server FOLDER; prints its connection string when it listens and
// serves until it is interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[1] + "/",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() { fmt.Println(server.MongoDBURI()) }()
	if err := server.Run(interrupted); err != nil && interrupted.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
