module example.com/shop/ingest

go 1.24
