module example.com/app-go

go 1.19
