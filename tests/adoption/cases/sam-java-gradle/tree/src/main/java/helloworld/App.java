package helloworld;
