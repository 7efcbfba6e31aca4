// Ingest reads the stock reports that suppliers send through a queue.
//
// Each message holds a report as CSV. Good reports are logged, one line of
// JSON per product; the answer names the bad ones, so that the queue delivers
// those again, and in the end to its dead-letter queue, and no others.
package main

import (
	"context"
	"log/slog"
	"os"

	"example.com/shop/ingest/runtimeapi"
	"example.com/shop/ingest/stock"
)

// Event is a batch of messages of Amazon SQS.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type Event struct {
	Records []Message `json:"Records"`
}

// Message is one message of a batch.
type Message struct {
	ID   string `json:"messageId"`
	Body string `json:"body"`
}

// Answer names the messages that are to be delivered again.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
type Answer struct {
	Failures []Failure `json:"batchItemFailures"`
}

// Failure names one message.
type Failure struct {
	ID string `json:"itemIdentifier"`
}

func handle(ctx context.Context, logger *slog.Logger, event Event) Answer {
	answer := Answer{Failures: []Failure{}}
	for _, message := range event.Records {
		levels, err := stock.Parse(message.Body)
		if err != nil {
			logger.WarnContext(ctx, "report refused", "message", message.ID, "reason", err.Error())
			answer.Failures = append(answer.Failures, Failure{ID: message.ID})
			continue
		}
		for _, level := range levels {
			logger.InfoContext(ctx, "stock", "sku", level.SKU, "pieces", level.Pieces, "warehouse", level.Warehouse)
		}
	}
	return answer
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	err := runtimeapi.Serve(os.Getenv("AWS_LAMBDA_RUNTIME_API"), func(ctx context.Context, event Event) (Answer, error) {
		return handle(ctx, logger, event), nil
	})
	logger.Error("the runtime stopped", "reason", err.Error())
	os.Exit(1)
}
