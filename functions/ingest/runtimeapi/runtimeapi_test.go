package runtimeapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type event struct{ Name string }

// serve runs the handler for one event against a Runtime API that then ends,
// and returns the path and the body that the handler's answer was posted to.
func serve(t *testing.T, payload string, handler Handler[event, string]) (path, body string) {
	t.Helper()
	served := false
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		switch {
		case strings.HasSuffix(request.URL.Path, "/next") && !served:
			served = true
			writer.Header().Set("Lambda-Runtime-Aws-Request-Id", "r-1")
			writer.Header().Set("Lambda-Runtime-Deadline-Ms", "32503680000000")
			_, _ = io.WriteString(writer, payload)
		case request.Method == http.MethodPost:
			text, _ := io.ReadAll(request.Body)
			path, body = request.URL.Path, string(text)
			writer.WriteHeader(http.StatusAccepted)
		default:
			writer.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	if err := Serve(strings.TrimPrefix(server.URL, "http://"), handler); err == nil {
		t.Error("Serve ended without an error")
	}
	return path, body
}

func TestServePostsTheAnswer(t *testing.T) {
	path, body := serve(t, `{"Name":"Ada"}`, func(ctx context.Context, event event) (string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the context has no deadline")
		}
		return "hello " + event.Name, nil
	})
	if path != "/2018-06-01/runtime/invocation/r-1/response" || body != `"hello Ada"` {
		t.Errorf("got %s to %s", body, path)
	}
}

func TestServePostsFailures(t *testing.T) {
	cases := map[string]struct {
		payload, want string
		handler       Handler[event, string]
	}{
		"error":         {`{}`, "no stock", func(context.Context, event) (string, error) { return "", errors.New("no stock") }},
		"panic":         {`{}`, "panic: boom", func(context.Context, event) (string, error) { panic("boom") }},
		"foreign event": {`[1]`, "the event has another form", func(context.Context, event) (string, error) { return "", nil }},
	}
	for name, tested := range cases {
		t.Run(name, func(t *testing.T) {
			path, body := serve(t, tested.payload, tested.handler)
			if !strings.HasSuffix(path, "/r-1/error") || !strings.Contains(body, tested.want) {
				t.Errorf("got %s to %s", body, path)
			}
		})
	}
}

func TestServeNeedsAHost(t *testing.T) {
	err := Serve("", func(context.Context, event) (string, error) { return "", nil })
	if err == nil || !strings.Contains(err.Error(), "AWS_LAMBDA_RUNTIME_API") {
		t.Errorf("got %v", err)
	}
}
