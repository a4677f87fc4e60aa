// A plain ASP.NET Core application: nothing in it knows of start_server or starletnet.
var app = WebApplication.CreateBuilder(args).Build();

var version = typeof(Program).Assembly.GetName().Version?.ToString(3);
app.MapGet("/", () => $"Hello from version {version}, process {Environment.ProcessId}\n");
app.Run();
