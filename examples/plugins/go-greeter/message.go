package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// Codes and limits: sections 2 and 5 of the protocol.
const (
	parseErrorCode     = -32700
	invalidRequestCode = -32600
	notProvidedCode    = -32601
	invalidInputCode   = -32602
	handlerFailedCode  = -32000
	busyCode           = -32002
	stoppingCode       = -32003
	invalidOutputCode  = -32005
	cancelledCode      = -32800

	maxUnprovenLine = 64 << 10
	maxLine         = 32 << 20
	maxDepth        = 64
	maxInFlight     = 16_384
	maxId           = 1<<53 - 1
)

// A refusal is an error with a code. Any other error of a handler becomes handlerFailedCode.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (r *refusal) Error() string { return r.Message }

type issue struct {
	Message string   `json:"message"`
	Path    []string `json:"path,omitempty"`
}

func invalidInput(message string, issues ...issue) *refusal {
	return &refusal{invalidInputCode, message, map[string]any{"issues": issues}}
}

// A violation closes the connection; the other side is told why, if it is proven.
type violation struct{ refusal }

func violated(code int, format string, args ...any) *violation {
	return &violation{refusal{Code: code, Message: fmt.Sprintf(format, args...)}}
}

// A message is kept raw, member by member: names are exact here, which they are not in a struct.
type message map[string]json.RawMessage

func (m message) has(member string) bool { _, ok := m[member]; return ok }

// Text returns a member that is a text, and "" for any other.
func (m message) text(member string) (text string) {
	_ = json.Unmarshal(m[member], &text)
	return text
}

// Starts says whether a member is there and begins so, which tells what it is.
func (m message) starts(member string, with byte) bool {
	return len(m[member]) > 0 && m[member][0] == with
}

// Object returns a member that is an object, and nil for any other.
func (m message) object(member string) (object message) {
	_ = json.Unmarshal(m[member], &object)
	return object
}

// Versions returns the whole numbers of a member that is an array.
func (m message) versions(member string) (versions []int) {
	_ = json.Unmarshal(m[member], &versions)
	return versions
}

func decode(line []byte) (message, error) {
	if !utf8.Valid(line) {
		return nil, violated(parseErrorCode, "The line is not UTF-8")
	}
	if tooDeep(line) {
		return nil, violated(invalidRequestCode, "The line is nested deeper than %d levels", maxDepth)
	}
	if !json.Valid(line) {
		return nil, violated(parseErrorCode, "The line is not JSON")
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil || !(isRequest(m) || isResponse(m)) {
		return nil, violated(invalidRequestCode, "The line is no single request, notification or response")
	}
	return m, nil
}

func isRequest(m message) bool {
	fits := !m.has("params") || m.starts("params", '{') || m.starts("params", '[')
	return m.text("jsonrpc") == "2.0" && m.starts("method", '"') && fits && (!m.has("id") || idKey(m["id"]) != "")
}

func isResponse(m message) bool {
	// A host that could not read our line answers with the id null.
	fits := idKey(m["id"]) != "" || (string(m["id"]) == "null" && m.has("error"))
	return m.text("jsonrpc") == "2.0" && !m.has("method") && m.has("result") != m.has("error") && fits
}

var wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

// IdKey returns what tells an id from others, "1" from 1 too, and "" for what is no id.
func idKey(raw json.RawMessage) string {
	if wholeNumber.Match(raw) {
		if number, err := strconv.ParseInt(string(raw), 10, 64); err == nil && number <= maxId {
			return "n" + string(raw)
		}
		return ""
	}
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil || utf8.RuneCountInString(*text) > 64 {
		return ""
	}
	return "s" + *text
}

func tooDeep(line []byte) bool {
	depth, inText := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// An input is what a handler gets; nil if there is none.
type input json.RawMessage

func (in input) into(target any) error {
	if in == nil {
		in = input("null")
	}
	if err := json.Unmarshal(in, target); err != nil {
		return invalidInput("The input does not fit", issue{Message: err.Error()})
	}
	return nil
}

// InputOf takes both shapes of params: an object as it is, or an array of the one value.
func inputOf(params json.RawMessage) (input, error) {
	if len(params) > 0 && params[0] == '{' {
		return input(params), nil
	}
	var values []json.RawMessage
	_ = json.Unmarshal(params, &values)
	if len(values) > 1 {
		return nil, invalidInput("Expected params to be an object, or an array of one value")
	}
	if len(values) == 0 {
		return nil, nil
	}
	return input(values[0]), nil
}

// WithParams adds a value to a message, in one of the two shapes.
func withParams(m map[string]any, value any) (map[string]any, error) {
	if value == nil {
		return m, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	m["params"] = json.RawMessage(raw)
	if raw[0] != '{' {
		m["params"] = []json.RawMessage{raw}
	}
	return m, nil
}
