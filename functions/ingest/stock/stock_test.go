package stock

import (
	"slices"
	"strings"
	"testing"
)

func TestParseReadsEveryLine(t *testing.T) {
	levels, err := Parse("sku,pieces,warehouse\nmug-350,12,HAM\ncup-espresso,0,LYS\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Level{{"mug-350", 12, "HAM"}, {"cup-espresso", 0, "LYS"}}
	if !slices.Equal(levels, want) {
		t.Errorf("got %v, want %v", levels, want)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	cases := map[string]struct{ report, want string }{
		"empty report":     {"", "the report is empty"},
		"wrong header":     {"sku,count,warehouse\n", "line 1: the header is"},
		"wrong SKU":        {"sku,pieces,warehouse\nMug 350,1,HAM\n", "line 2: \"Mug 350\" is not a SKU"},
		"negative number":  {"sku,pieces,warehouse\nmug-350,-1,HAM\n", "line 2: \"-1\" is not a number of pieces"},
		"no number":        {"sku,pieces,warehouse\nmug-350,many,HAM\n", "is not a number of pieces"},
		"missing place":    {"sku,pieces,warehouse\nmug-350,1,\n", "line 2: the warehouse is missing"},
		"missing column":   {"sku,pieces,warehouse\nmug-350,1\n", "wrong number of fields"},
		"too many lines":   {"sku,pieces,warehouse\n" + strings.Repeat("mug-350,1,HAM\n", MaxLines+1), "at most 10000 lines"},
		"unbalanced quote": {"sku,pieces,warehouse\n\"mug-350,1,HAM\n", "quote"},
	}
	for name, tested := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(tested.report)
			if err == nil || !strings.Contains(err.Error(), tested.want) {
				t.Errorf("got %v, want an error with %q", err, tested.want)
			}
		})
	}
}
