using System.Net;
using System.Text.RegularExpressions;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A browser of ASP.NET Core Identity's own pages: cookies are kept, redirects followed, forms sent with their antiforgery token.</summary>
internal sealed partial class AccountVisitor : IDisposable
{
    private readonly HttpClient _client;

    internal AccountVisitor(Uri site) => _client = new HttpClient { BaseAddress = site };

    public void Dispose() => _client.Dispose();

    internal async Task RegisterAsync(string name, string password)
    {
        var page = await SendAsync(await FormAsync("/Identity/Account/Register"),
            ("Input.Email", name), ("Input.Password", password), ("Input.ConfirmPassword", password));
        // Without a sender of mails the page itself shows the link that confirms the account.
        var link = ConfirmationLink().Match(page);
        Assert.True(link.Success, page);
        Assert.Contains("Thank you for confirming", await PageAsync(WebUtility.HtmlDecode(link.Groups[1].Value)));
    }

    internal async Task SignInAsync(string name, string password)
    {
        var page = await SendAsync(await FormAsync("/Identity/Account/Login"), ("Input.Email", name), ("Input.Password", password), ("Input.RememberMe", "true"));
        Assert.Contains($"Hello {name}", page);
    }

    /// <summary>A page that is shown to the visitor as it is signed in.</summary>
    internal async Task<string> PageAsync(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {page}");
        // Whoever is not signed in is led to the login page instead.
        const string Login = "/Identity/Account/Login";
        Assert.True(path == Login || answer.RequestMessage!.RequestUri!.AbsolutePath != Login, $"{path} leads to the login page");
        return page;
    }

    /// <returns>The path, and the token of its form.</returns>
    internal async Task<(string Path, string Token)> FormAsync(string path) => (path, Token().Match(await PageAsync(path)).Groups[1].Value);

    /// <returns>The page that the answer leads to.</returns>
    internal async Task<string> SendAsync((string Path, string Token) form, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", form.Token)).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var answer = await _client.PostAsync(new Uri(form.Path, UriKind.Relative), content);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{form.Path}: {answer.StatusCode} {page}");
        return page;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("id=\"confirm-link\" href=\"([^\"]+)\"")]
    private static partial Regex ConfirmationLink();
}
