package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A plugin is the process: section 1 of the protocol, and what all its connections share.
type plugin struct {
	key      []byte
	handlers map[string]handler
	provides []map[string]any
	listener net.Listener

	mutex     sync.Mutex
	strangers []*connection // Those that have not proven the secret yet, oldest first.
	running   sync.WaitGroup
	stopping  bool
	once      sync.Once
}

const maxUnproven = 64

// Serve does not return: the process ends by rpc.shutdown, or with its host.
func serve() {
	if os.Getenv(cookieKey) != cookieValue {
		fmt.Fprintln(os.Stderr, "This is a plugin: it is started by another program and does nothing on its own.")
		os.Exit(1)
	}
	p := &plugin{handlers: map[string]handler{}}
	for name, members := range contracts {
		kinds := map[string]any{}
		for member, handler := range members {
			p.handlers[name+"."+member] = handler
			kinds[member] = map[string]string{"kind": "method"}
		}
		p.provides = append(p.provides, map[string]any{"name": name, "members": kinds})
	}
	secret, err := hex.DecodeString(os.Getenv("PLUGIN_SECRET"))
	os.Unsetenv("PLUGIN_SECRET") // Our own children must not get it.
	if err != nil || len(secret) != 32 {
		leave("PLUGIN_SECRET is not 64 hex digits")
	}
	if os.Getenv("PLUGIN_CLIENT_CERT") != "" {
		leave("the host asks for TLS, which it does not speak")
	}
	p.key = secret
	network, address := p.listen()
	go p.endOnSignal()
	if lifeline := lifeline(); lifeline != nil {
		go p.endWith(lifeline)
	}
	fmt.Printf("\n1|%d|%s|%s|jsonrpc|\n", announcedVersion(), network, address)
	p.accept()
}

func (p *plugin) listen() (network, address string) {
	var err error
	switch transport := os.Getenv("PLUGIN_TRANSPORT"); transport {
	case "unix":
		path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")
		if p.listener, err = net.Listen("unix", path); err != nil {
			leave(fmt.Sprintf("it cannot listen at %q: %v", path, err))
		}
		return "unix", path
	case "", "tcp":
		for _, port := range ports() {
			if p.listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				return "tcp", p.listener.Addr().String()
			}
		}
		leave("no port is free between PLUGIN_MIN_PORT and PLUGIN_MAX_PORT")
	default:
		leave(fmt.Sprintf("it has no transport %q, only tcp and unix", transport))
	}
	return
}

func ports() []int {
	low, _ := strconv.Atoi(os.Getenv("PLUGIN_MIN_PORT"))
	high, _ := strconv.Atoi(os.Getenv("PLUGIN_MAX_PORT"))
	if (low == 0 && high == 0) || high < low {
		return []int{0}
	}
	ports := rand.Perm(high - low + 1)
	for i := range ports {
		ports[i] += low
	}
	return ports
}

func announcedVersion() int {
	var theirs []int
	for _, text := range strings.Split(os.Getenv("PLUGIN_PROTOCOL_VERSIONS"), ",") {
		if version, err := strconv.Atoi(text); err == nil {
			theirs = append(theirs, version)
		}
	}
	if common := highestCommon(theirs, apiVersions); common != 0 {
		return common
	}
	return highestCommon(apiVersions, apiVersions)
}

// HighestCommon returns 0 if there is none.
func highestCommon(theirs, ours []int) (highest int) {
	for _, version := range ours {
		for _, other := range theirs {
			if version == other && version > highest {
				highest = version
			}
		}
	}
	return highest
}

func (p *plugin) accept() {
	for {
		socket, err := p.listener.Accept()
		if err != nil {
			select {} // The plugin is ending: end() leaves the process.
		}
		c := newConnection(p, socket)
		p.mutex.Lock()
		p.strangers = append(p.strangers, c)
		if len(p.strangers) > maxUnproven {
			p.strangers[0].socket.Close()
			p.strangers = p.strangers[1:]
		}
		p.mutex.Unlock()
		go func() {
			c.run()
			p.knows(c)
		}()
	}
}

// Knows takes a connection that is proven, or gone, from the strangers.
func (p *plugin) knows(c *connection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, stranger := range p.strangers {
		if stranger == c {
			p.strangers = append(p.strangers[:i], p.strangers[i+1:]...)
			return
		}
	}
}

func (p *plugin) proof(role, theirs, ours string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(role + ":" + theirs + ":" + ours))
	return hex.EncodeToString(mac.Sum(nil))
}

// ── The end ──

// Begin counts a call in, unless the plugin is stopping.
func (p *plugin) begin() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.stopping {
		p.running.Add(1)
	}
	return !p.stopping
}

func (p *plugin) finish() { p.running.Done() }

// Stop lets no more calls begin. It says whether it is the first to do so.
func (p *plugin) stop() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	first := !p.stopping
	p.stopping = true
	return first
}

// FinishCalls is the work of rpc.shutdown: it waits for the calls that run, but not for ever. Then answer() ends the process.
func finishCalls(_ context.Context, host *connection, input input) (any, error) {
	wish := struct {
		GraceMs int64 `json:"graceMs"`
	}{2000}
	_ = input.into(&wish)
	host.plugin.waitForCalls(time.Duration(wish.GraceMs) * time.Millisecond)
	return struct{}{}, nil
}

func (p *plugin) waitForCalls(most time.Duration) {
	finished := make(chan struct{})
	go func() {
		p.running.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(most):
	}
}

// End leaves the process; closing the listener removes its socket file.
func (p *plugin) end() {
	p.once.Do(func() {
		p.listener.Close()
		os.Exit(0)
	})
}

// Lifeline is what the host holds the other end of: it ends when the host does. Our own children must not get it.
func lifeline() *os.File {
	name := os.Getenv("PLUGIN_LIFELINE")
	if name == "stdin" {
		return os.Stdin
	}
	number, isDescriptor := strings.CutPrefix(name, "fd:")
	fd, err := strconv.Atoi(number)
	if !isDescriptor || err != nil {
		return nil
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "lifeline")
}

func (p *plugin) endWith(lifeline *os.File) {
	_, _ = io.Copy(io.Discard, lifeline)
	p.end()
}

func (p *plugin) endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	// Whoever sends it gets what a host gets that says to stop, in less time.
	if p.stop() {
		p.waitForCalls(time.Second)
		p.end()
	}
}

func leave(reason string) {
	fmt.Fprintf(os.Stderr, "%s cannot start: %s\n", pluginName, reason)
	os.Exit(1)
}
