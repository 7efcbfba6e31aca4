// Package stock reads suppliers' stock reports.
package stock

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxLines bounds one report.
const MaxLines = 10_000

var (
	header = []string{"sku", "pieces", "warehouse"}
	sku    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// Level says how many pieces of a product a warehouse has.
type Level struct {
	SKU       string
	Pieces    int
	Warehouse string
}

// Parse reads a report: CSV with the header "sku,pieces,warehouse".
// The error says which line is wrong and what is allowed.
func Parse(report string) ([]Level, error) {
	reader := csv.NewReader(strings.NewReader(report))
	reader.FieldsPerRecord = len(header)
	first, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the report is empty")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(first, header) {
		return nil, fmt.Errorf("line 1: the header is %q; allowed: %q", strings.Join(first, ","), strings.Join(header, ","))
	}
	levels := []Level{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return levels, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		if len(levels) == MaxLines {
			return nil, fmt.Errorf("line %d: a report has at most %d lines", line, MaxLines)
		}
		level, err := parseLevel(record)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		levels = append(levels, level)
	}
}

func parseLevel(record []string) (Level, error) {
	if !sku.MatchString(record[0]) {
		return Level{}, fmt.Errorf("%q is not a SKU; allowed: lower-case letters and digits, separated by -", record[0])
	}
	pieces, err := strconv.Atoi(record[1])
	if err != nil || pieces < 0 {
		return Level{}, fmt.Errorf("%q is not a number of pieces; allowed: 0 or more", record[1])
	}
	if record[2] == "" {
		return Level{}, errors.New("the warehouse is missing")
	}
	return Level{SKU: record[0], Pieces: pieces, Warehouse: record[2]}, nil
}
