using Microsoft.Extensions.DependencyInjection;

namespace StarletNet.Hosting.Injection;

/// <summary>Makes the instance that a registration we took out would have made. Whoever asks for it disposes of it.</summary>
internal static class ReplacedService
{
    internal static T Create<T>(this ServiceDescriptor registration, IServiceProvider provider) where T : class =>
        (T)(registration.ImplementationInstance
            ?? registration.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, registration.ImplementationType!));
}
