// Not a web application at all.
Console.WriteLine("hello from the console");
