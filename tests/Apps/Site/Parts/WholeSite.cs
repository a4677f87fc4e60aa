using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Site.Components;

namespace Site.Parts;

/// <summary>MVC, Razor Pages, Blazor, SignalR and what else applications are made of, side by side.</summary>
internal static class WholeSite
{
    internal static void Run(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.UseUrls("http://127.0.0.1:5997");
        builder.Services.AddControllersWithViews();
        builder.Services.AddRazorPages();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddSignalR();
        builder.Services.AddSession();
        builder.Services.AddResponseCompression();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        builder.Services.AddHostedService<SlowGoodbye>();
        SlowKeys.AddTo(builder.Services);

        var app = builder.Build();
        app.UseResponseCompression();
        // Which worker answers, for the tests.
        app.Use((context, next) =>
        {
            context.Response.Headers["X-Pid"] = $"{Environment.ProcessId}";
            return next(context);
        });
        app.UseHttpsRedirection();
        app.UseSession();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}").WithStaticAssets();
        app.MapRazorPages();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        app.MapHub<Chat>("/chat");
        Endpoints(app);
        app.Run();
    }

    private static void Endpoints(WebApplication app)
    {
        app.MapGet("/long-text", () => new string('a', 20_000));
        app.MapGet("/sign-in", async (HttpContext context) =>
        {
            await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ada")], "test")));
            return "signed in";
        });
        app.MapGet("/who", (ClaimsPrincipal user) => user.Identity?.Name ?? "nobody");
        app.MapGet("/visits", (HttpContext context) =>
        {
            var visits = (context.Session.GetInt32("visits") ?? 0) + 1;
            context.Session.SetInt32("visits", visits);
            return $"{visits}";
        });
        app.MapGet("/events", (CancellationToken gone) => TypedResults.ServerSentEvents(Ticks(gone)));
        // What gRPC is made of: HTTP/2, a body in both directions, and trailers.
        app.MapPost("/unary", async (HttpContext context) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "0");
        });
    }

    private static async IAsyncEnumerable<string> Ticks([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken gone)
    {
        for (var tick = 0; ; tick++)
        {
            yield return $"tick {tick}";
            await Task.Delay(50, gone);
        }
    }
}
