// Package runtimeapi runs a handler as a Lambda custom runtime, with the
// standard library alone.
//
// It speaks the Runtime API of 2018-06-01:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const version = "2018-06-01"

// Handler answers one event.
type Handler[In, Out any] func(ctx context.Context, event In) (Out, error)

// failure is how the Runtime API takes an error.
type failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// Serve answers invocations until the Runtime API at host ("address:port")
// fails; it always returns an error. An error or a panic of the handler fails
// the one invocation.
func Serve[In, Out any](host string, handler Handler[In, Out]) error {
	if host == "" {
		return errors.New("AWS_LAMBDA_RUNTIME_API is not set; this program runs in AWS Lambda or its emulator")
	}
	// No proxy, because the API is on this machine; no time-out, because Lambda
	// freezes the process while it waits for the next invocation.
	client := &http.Client{Transport: &http.Transport{Proxy: nil}}
	base := "http://" + host + "/" + version + "/runtime/invocation/"
	for {
		if err := serveOne(client, base, handler); err != nil {
			return err
		}
	}
}

func serveOne[In, Out any](client *http.Client, base string, handler Handler[In, Out]) error {
	response, err := client.Get(base + "next")
	if err != nil {
		return fmt.Errorf("next invocation: %w", err)
	}
	payload, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return fmt.Errorf("next invocation: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("next invocation: status %s", response.Status)
	}
	os.Setenv("_X_AMZN_TRACE_ID", response.Header.Get("Lambda-Runtime-Trace-Id"))
	ctx, cancel := deadline(response.Header.Get("Lambda-Runtime-Deadline-Ms"))
	defer cancel()
	invocation := base + response.Header.Get("Lambda-Runtime-Aws-Request-Id")
	answer, err := call(ctx, handler, payload)
	if err != nil {
		text, _ := json.Marshal(failure{Message: err.Error(), Type: fmt.Sprintf("%T", err)})
		return post(client, invocation+"/error", text)
	}
	return post(client, invocation+"/response", answer)
}

func call[In, Out any](ctx context.Context, handler Handler[In, Out], payload []byte) (answer []byte, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	var event In
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("the event has another form: %w", err)
	}
	result, err := handler(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

func deadline(milliseconds string) (context.Context, context.CancelFunc) {
	value, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil {
		return context.WithCancel(context.Background())
	}
	return context.WithDeadline(context.Background(), time.UnixMilli(value))
}

func post(client *http.Client, url string, body []byte) error {
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	// Lambda refuses an answer that is too large with 413, and goes on.
	if response.StatusCode != http.StatusAccepted && response.StatusCode != http.StatusRequestEntityTooLarge {
		return fmt.Errorf("answer: status %s", response.Status)
	}
	return nil
}
