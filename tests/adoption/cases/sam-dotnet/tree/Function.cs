namespace HelloWorld;
