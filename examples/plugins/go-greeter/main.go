// A plugin in Go, standard library only. Copy the folder, and change this file.
//
// It provides the contract greeter, and countdown, which works for a while, can be cancelled, and calls the host back.
// The other files are the wire protocol of docs/protocol.md: message.go its lines, connection.go its conversation,
// process.go how the process starts and ends.
package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	pluginName  = "go-greeter"
	cookieKey   = "OTTO_PLUGIN_MAGIC_COOKIE"
	cookieValue = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f"
)

var apiVersions = []int{1}

// Each call runs in its own goroutine; its context ends when the caller gives up.
var contracts = map[string]map[string]handler{
	"greeter":   {"greet": greet},
	"countdown": {"tempo": tempo, "start": start},
}

var everyMs atomic.Int64

func main() {
	everyMs.Store(1000)
	serve()
}

func greet(_ context.Context, _ *connection, input input) (any, error) {
	var greeting struct {
		Name *string `json:"name"`
	}
	if err := input.into(&greeting); err != nil {
		return nil, err
	}
	if greeting.Name == nil {
		return nil, invalidInput("A greeting needs a name", issue{Message: "Expected a text", Path: []string{"name"}})
	}
	return "Hello, " + *greeting.Name + "!", nil
}

func tempo(_ context.Context, _ *connection, input input) (any, error) {
	var tempo struct {
		EveryMs int64 `json:"everyMs"`
	}
	if err := input.into(&tempo); err != nil {
		return nil, err
	}
	everyMs.Store(tempo.EveryMs)
	return nil, nil
}

func start(ctx context.Context, host *connection, input input) (any, error) {
	var number int
	if err := input.into(&number); err != nil {
		return nil, err
	}
	for left := number; left > 0; left-- {
		host.notify("control.tick", left)
		select {
		case <-time.After(time.Duration(everyMs.Load()) * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var mayGo bool
	if err := host.call(ctx, "control.go", nil, &mayGo); err != nil {
		return nil, err
	}
	if !mayGo {
		return nil, errors.New("Control holds at zero")
	}
	return "Lift-off!", nil
}
