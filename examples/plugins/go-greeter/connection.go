package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync"
	"time"
)

// A handler gets the input and the host that asked, which it may call back.
type handler func(ctx context.Context, host *connection, input input) (any, error)

// A connection is one conversation with a host: sections 3 and 4 of the protocol.
type connection struct {
	plugin *plugin
	socket net.Conn
	unread []byte
	chunk  []byte
	proven bool
	write  sync.Mutex

	mutex   sync.Mutex
	running map[string]context.CancelFunc // Calls that the host placed here.
	pending map[string]chan message       // Calls that we placed there.
	nextId  int64
	closed  chan struct{}
}

func newConnection(plugin *plugin, socket net.Conn) *connection {
	return &connection{
		plugin: plugin, socket: socket, chunk: make([]byte, 64<<10),
		running: map[string]context.CancelFunc{}, pending: map[string]chan message{}, closed: make(chan struct{}),
	}
}

// ── What handlers use ──

func (c *connection) call(ctx context.Context, method string, value any, result any) error {
	c.mutex.Lock()
	id := c.nextId
	c.nextId++
	key, answer := fmt.Sprintf("n%d", id), make(chan message, 1)
	c.pending[key] = answer
	c.mutex.Unlock()
	defer func() {
		c.mutex.Lock()
		delete(c.pending, key)
		c.mutex.Unlock()
	}()

	request, err := withParams(map[string]any{"id": id, "method": method}, value)
	if err != nil {
		return err
	}
	c.send(request)
	select {
	case response := <-answer:
		if !response.has("error") {
			return json.Unmarshal(response["result"], result)
		}
		refused := &refusal{Code: -32603, Message: "The host gave no reason"}
		_ = json.Unmarshal(response["error"], refused)
		return refused
	case <-ctx.Done():
		c.notify("rpc.cancel", map[string]any{"id": id})
		return ctx.Err()
	case <-c.closed:
		return errors.New("The connection to the host was lost")
	}
}

func (c *connection) notify(method string, value any) {
	if m, err := withParams(map[string]any{"method": method}, value); err == nil {
		c.send(m)
	}
}

// ── From the first byte to the last ──

func (c *connection) run() {
	err := c.prove()
	for err == nil {
		var m message
		if m, err = c.read(maxLine); err == nil {
			err = c.receive(m)
		}
	}
	var broken *violation
	if errors.As(err, &broken) && c.proven { // A stranger is told nothing.
		c.sendError(json.RawMessage("null"), &broken.refusal)
	}
	c.socket.Close()
	close(c.closed)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, cancel := range c.running {
		cancel()
	}
}

var challengeShape = regexp.MustCompile("^[0-9a-f]{64}$")

// Prove shows that each side knows the secret, without telling it.
func (c *connection) prove() error {
	_ = c.socket.SetReadDeadline(time.Now().Add(5 * time.Second)) // In all, however slowly the bytes come.
	id, hello, err := c.first("rpc.hello")
	if err != nil {
		return err
	}
	theirs := hello.text("challenge")
	if !challengeShape.MatchString(theirs) {
		return violated(invalidRequestCode, "The challenge is not 64 hex digits")
	}
	if highestCommon(hello.versions("protocolVersions"), []int{1}) == 0 {
		c.sendError(id, &refusal{invalidInputCode, "This plugin speaks protocol version 1", map[string]any{"protocolVersions": []int{1}}})
		return errors.New("no protocol version in common")
	}
	api := highestCommon(hello.versions("apiVersions"), apiVersions)
	if api == 0 {
		c.sendError(id, &refusal{invalidInputCode, "No apiVersion in common", map[string]any{"apiVersions": apiVersions}})
		return errors.New("no apiVersion in common")
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	ours := hex.EncodeToString(random)
	c.sendResult(id, map[string]any{
		"protocolVersion": 1, "apiVersion": api, "challenge": ours, "framing": "lines",
		"proof":    c.plugin.proof("plugin", theirs, ours),
		"provides": c.plugin.provides, "events": []string{}, "actions": []string{},
		"info": map[string]any{"name": pluginName, "version": "1.0.0"},
	})

	id, ready, err := c.first("rpc.ready")
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(ready.text("proof")), []byte(c.plugin.proof("host", theirs, ours))) {
		return violated(invalidRequestCode, "The proof is wrong")
	}
	c.proven = true
	c.plugin.knows(c)
	_ = c.socket.SetReadDeadline(time.Time{})
	// Here is the place to look at provides and config; an error instead of {} declines to start.
	c.sendResult(id, struct{}{})
	return nil
}

func (c *connection) first(method string) (json.RawMessage, message, error) {
	m, err := c.read(maxUnprovenLine)
	if err != nil {
		return nil, nil, err
	}
	params := m.object("params")
	if m.text("method") != method || !m.has("id") || params == nil {
		return nil, nil, violated(invalidRequestCode, "Expected %s", method)
	}
	return m["id"], params, nil
}

func (c *connection) read(limit int) (message, error) {
	searched := 0
	for {
		end := bytes.IndexByte(c.unread[searched:], '\n')
		length := len(c.unread)
		if end >= 0 {
			length = searched + end
		}
		if length > limit {
			return nil, violated(invalidRequestCode, "The line is longer than %d bytes", limit)
		}
		if end >= 0 {
			line := c.unread[:length]
			c.unread = c.unread[length+1:]
			return decode(line)
		}
		searched = length
		count, err := c.socket.Read(c.chunk)
		if c.unread = append(c.unread, c.chunk[:count]...); err != nil {
			return nil, err
		}
	}
}

func (c *connection) receive(m message) error {
	switch {
	case !m.has("method"):
		c.mutex.Lock()
		defer c.mutex.Unlock()
		if answer, ok := c.pending[idKey(m["id"])]; ok { // Else we gave up on that call.
			delete(c.pending, idKey(m["id"]))
			answer <- m
		}
	case m.has("id"):
		return c.answer(m)
	case m.text("method") == "rpc.cancel":
		c.mutex.Lock()
		defer c.mutex.Unlock()
		if cancel, ok := c.running[idKey(m.object("params")["id"])]; ok {
			cancel()
		}
	}
	return nil // Other notifications have no taker here, and are ignored.
}

func (c *connection) answer(request message) error {
	id, key, method := request["id"], idKey(request["id"]), request.text("method")
	c.mutex.Lock()
	_, twice := c.running[key]
	busy := len(c.running) >= maxInFlight
	ctx, cancel := context.WithCancel(context.Background())
	if !twice {
		c.running[key] = cancel
	}
	c.mutex.Unlock()
	if twice {
		cancel()
		return violated(invalidRequestCode, "A request with the id %s is still running", id)
	}
	done := func() {
		cancel()
		c.mutex.Lock()
		delete(c.running, key)
		c.mutex.Unlock()
	}

	work, isShutdown := c.plugin.handlers[method], method == "rpc.shutdown"
	var refused *refusal
	switch {
	case method == "rpc.ping":
		done()
		c.sendResult(id, "pong")
		return nil
	case isShutdown:
		c.plugin.stop() // At once: a call right behind it is refused.
		work = finishCalls
	case work == nil:
		refused = &refusal{Code: notProvidedCode, Message: fmt.Sprintf("Cannot call %.128q: nobody provides it", method)}
	case busy:
		refused = &refusal{Code: busyCode, Message: fmt.Sprintf("Cannot call %q: %d calls are running", method, maxInFlight)}
	case !c.plugin.begin():
		refused = &refusal{Code: stoppingCode, Message: fmt.Sprintf("Cannot call %q: the plugin is stopping", method)}
	}
	if refused != nil {
		done()
		c.sendError(id, refused)
		return nil
	}
	// Calls begin in any order. Where the order matters, hand the work to one goroutine here.
	go func() {
		result, err := runHandler(ctx, work, c, request["params"])
		done() // Before the answer: the host may use the id again once it has it.
		c.sendOutcome(id, result, err)
		if isShutdown {
			c.plugin.end()
		} else {
			c.plugin.finish()
		}
	}()
	return nil
}

func runHandler(ctx context.Context, work handler, host *connection, params json.RawMessage) (result any, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("%v", thrown)
		}
	}()
	in, err := inputOf(params)
	if err != nil {
		return nil, err
	}
	return work(ctx, host, in)
}

// ── Sending ──

func (c *connection) sendOutcome(id json.RawMessage, result any, err error) {
	var refused *refusal
	switch {
	case err == nil:
		c.sendResult(id, result) // nil is null.
	case errors.Is(err, context.Canceled):
		c.sendError(id, &refusal{Code: cancelledCode, Message: "Cancelled"})
	case errors.As(err, &refused):
		c.sendError(id, refused)
	default:
		c.sendError(id, &refusal{handlerFailedCode, fmt.Sprintf("%.1000s", err.Error()), map[string]any{"name": "Error"}})
	}
}

func (c *connection) sendResult(id json.RawMessage, result any) {
	if raw, err := json.Marshal(result); err == nil {
		c.send(map[string]any{"id": id, "result": json.RawMessage(raw)})
	} else {
		c.sendError(id, &refusal{Code: invalidOutputCode, Message: "The result cannot be sent: " + err.Error()})
	}
}

func (c *connection) sendError(id json.RawMessage, refused *refusal) {
	c.send(map[string]any{"id": id, "error": refused})
}

func (c *connection) send(m map[string]any) {
	m["jsonrpc"] = "2.0"
	line, err := json.Marshal(m)
	if err != nil {
		return
	}
	c.write.Lock()
	defer c.write.Unlock()
	// Who does not read is not read either, for the answer waits here; and is left after ten seconds of it.
	_ = c.socket.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.socket.Write(append(line, '\n')); err != nil {
		c.socket.Close()
	}
}
