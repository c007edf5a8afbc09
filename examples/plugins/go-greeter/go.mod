module go-greeter

go 1.21
