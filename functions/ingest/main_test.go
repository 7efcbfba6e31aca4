package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
)

func TestHandleNamesTheBadMessagesOnly(t *testing.T) {
	event := Event{Records: []Message{
		{ID: "good", Body: "sku,pieces,warehouse\nmug-350,12,HAM\n"},
		{ID: "bad", Body: "mug-350;12;HAM"},
	}}
	answer := handle(context.Background(), slog.New(slog.DiscardHandler), event)
	if len(answer.Failures) != 1 || answer.Failures[0].ID != "bad" {
		t.Errorf("got %v, want the message \"bad\" alone", answer.Failures)
	}
}

func TestHandleAnswersAnEmptyListWhenAllIsWell(t *testing.T) {
	answer := handle(context.Background(), slog.New(slog.DiscardHandler), Event{})
	// Lambda takes null for a failure of the whole batch.
	text, err := json.Marshal(answer)
	if err != nil || string(text) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v", text, err)
	}
}
