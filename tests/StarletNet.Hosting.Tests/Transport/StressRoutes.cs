using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>
/// An application that does what one should not. Every answer carries the request's own id in its head, and in its body bytes that
/// only this id has; those that are sent a body answer with it if it is right.
/// </summary>
internal static class StressRoutes
{
    internal const int MostBytes = 300_000;

    internal static byte At(int id, int index) => (byte)((((id * 7919) + index) * 31) % 251);

    internal static byte[] Bytes(int id)
    {
        var bytes = new byte[Length(id)];
        for (var index = 0; index < bytes.Length; index++) bytes[index] = At(id, index);
        return bytes;
    }

    // Mostly small, some larger than a block of the pool, some larger than what is sent at once, a few larger than what may wait to be sent.
    internal static int Length(int id) => (id % 64) switch { 0 => MostBytes, 16 or 32 or 48 => 40_000, 1 or 2 or 17 or 18 => 5000 + (id % 256), _ => 20 + (id % 128) };

    internal static void Map(WebApplication app)
    {
        // Under words that come again these become known for what they do; under words never seen before they strike again and again.
        app.MapGet("/{word}/quick/{id}", (HttpContext context, int id) => Answer(context, id));
        app.MapGet("/{word}/sleep/{id}", (HttpContext context, int id) =>
        {
            Thread.Sleep((id & 3) + 1);
            return Answer(context, id);
        });
        // Every now and then only, so that it never leaves the loop for good.
        app.MapGet("/{word}/seldom/{id}", (HttpContext context, int id) =>
        {
            if (id % 61 == 0) Thread.Sleep(3);
            return Answer(context, id);
        });
        app.MapGet("/{word}/result/{id}", (HttpContext context, int id) =>
        {
            Task.Delay(id & 3).Wait();
            Answer(context, id).GetAwaiter().GetResult();
        });
        app.MapGet("/{word}/pieces/{id}", Pieces);
        app.MapGet("/{word}/blocking-pieces/{id}", BlockingPieces);
        app.MapGet("/{word}/cut/{id}", async (HttpContext context, int id) =>
        {
            await context.Response.StartAsync();
            if ((id & 1) == 0) Thread.Sleep(2);
            context.Abort();
        });
        app.MapGet("/{word}/until-gone/{id}", async (HttpContext context, int id) =>
        {
            using var gone = new SemaphoreSlim(0);
            using var registration = context.RequestAborted.Register(() => gone.Release());
            if ((id & 1) == 0) await gone.WaitAsync(10);
            else gone.Wait(5);
            await Answer(context, id);
        });
        app.MapPost("/{word}/echo/{id}", Echo);
        app.MapPost("/{word}/blocking-echo/{id}", BlockingEcho);
        app.MapPost("/{word}/ignore-body/{id}", (HttpContext context, int id) => Answer(context, id));
    }

    private static Task Answer(HttpContext context, int id)
    {
        context.Response.Headers["X-Id"] = $"{id}";
        var bytes = Bytes(id);
        // Some with a length, some in chunks, which are flushed twice.
        if ((id & 4) == 0) context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes).AsTask();
    }

    private static async Task Pieces(HttpContext context, int id)
    {
        context.Response.Headers["X-Id"] = $"{id}";
        var bytes = Bytes(id);
        for (var from = 0; from < bytes.Length; from += 3000)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(from, Math.Min(3000, bytes.Length - from)));
            if ((from + id) % 5 == 0) await Task.Yield();
        }
    }

    private static void BlockingPieces(HttpContext context, int id)
    {
        context.Response.Headers["X-Id"] = $"{id}";
        var bytes = Bytes(id);
        for (var from = 0; from < bytes.Length; from += 3000)
        {
            context.Response.Body.Write(bytes.AsSpan(from, Math.Min(3000, bytes.Length - from)));
            context.Response.Body.Flush();
            if ((from + id) % 7 == 0) Thread.Sleep(1);
        }
    }

    private static async Task Echo(HttpContext context, int id)
    {
        context.Response.Headers["X-Id"] = $"{id}";
        var buffer = new byte[1500];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
        {
            if ((read & 7) == 0) await Task.Yield();
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read));
        }
    }

    private static async Task BlockingEcho(HttpContext context, int id)
    {
        context.Response.Headers["X-Id"] = $"{id}";
        var all = new MemoryStream();
        // Reads in the loop's own thread, of what the loop has yet to receive.
        context.Request.Body.CopyTo(all);
        await context.Response.Body.WriteAsync(all.ToArray());
    }
}
