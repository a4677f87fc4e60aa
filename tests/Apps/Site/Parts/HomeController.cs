using Microsoft.AspNetCore.Mvc;

namespace Site.Parts;

public sealed class HomeController : Controller
{
    public IActionResult Index() => View("Index", TempData["message"] as string ?? "nothing yet");

    [HttpPost, ValidateAntiForgeryToken]
    public IActionResult Save([FromForm] string message)
    {
        TempData["message"] = message;
        return RedirectToAction(nameof(Index));
    }
}
