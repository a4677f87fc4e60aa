using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Stacks;

/// <summary>
/// The socket on which each .NET process talks to its diagnosticians: a native thread of the runtime answers there, also when no managed
/// one can run. See docs/design-docs/ipc-protocol.md of dotnet/diagnostics.
/// </summary>
internal sealed unsafe class DiagnosticPort : IDisposable
{
    private const byte EventPipe = 2, StopTracing = 1, CollectTracing2 = 3, Server = 0xFF, Ok = 0;

    private const int HeaderSize = 20;

    private static readonly byte[] Magic = "DOTNET_IPC_V1\0"u8.ToArray();

    private readonly FileDescriptor _socket;
    private readonly Stopwatch _since;
    private readonly TimeSpan _patience;

    private DiagnosticPort(FileDescriptor socket, Stopwatch since, TimeSpan patience) => (_socket, _since, _patience) = (socket, since, patience);

    /// <returns>Null if the process has none: it is no .NET program, or DOTNET_EnableDiagnostics=0.</returns>
    internal static string? Find(int pid)
    {
        var path = DiagnosticSocket.PathOf(pid.ToString(CultureInfo.InvariantCulture), TemporaryDirectoryOf(pid));
        return Path.Exists(path) ? path : null;
    }

    private static string? TemporaryDirectoryOf(int pid)
    {
        const string Name = "TMPDIR=";
        var variables = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ")).Split('\0');
        return variables.FirstOrDefault(variable => variable.StartsWith(Name, StringComparison.Ordinal))?[Name.Length..];
    }

    /// <param name="path">Of the socket.</param>
    /// <param name="since">What has begun when.</param>
    /// <param name="patience">How long it may take in all.</param>
    /// <exception cref="IOException">Nobody answers.</exception>
    internal static DiagnosticPort Open(string path, Stopwatch since, TimeSpan patience)
    {
        var address = UnixAddress.Encode(path) ?? throw new IOException($"{path} is too long for a socket address");
        return UnixClient.Connect(address, patience, out var error) is { } socket
            ? new DiagnosticPort(socket, since, patience)
            : throw new IOException($"cannot connect to {path}: {error}");
    }

    /// <summary>Has every thread's stack looked at once a millisecond; at the end the runtime tells the names of its methods. The stream follows.</summary>
    /// <returns>By which the session is ended.</returns>
    internal ulong BeginStacks()
    {
        var payload = new List<byte>();
        Add(BitConverter.GetBytes(16u)); // buffer, MB
        Add(BitConverter.GetBytes(1u)); // nettrace
        payload.Add(1); // names of methods at the end
        Add(BitConverter.GetBytes(1u)); // one provider
        Add(BitConverter.GetBytes(0xF00000000000ul));
        Add(BitConverter.GetBytes(4u)); // informational
        const string Provider = "Microsoft-DotNETCore-SampleProfiler\0";
        Add(BitConverter.GetBytes((uint)Provider.Length));
        Add(Encoding.Unicode.GetBytes(Provider));
        Add(BitConverter.GetBytes(0u)); // no filter
        return BinaryPrimitives.ReadUInt64LittleEndian(Ask(CollectTracing2, [.. payload]));

        void Add(byte[] bytes) => payload.AddRange(bytes);
    }

    internal void Stop(ulong session) => Ask(StopTracing, BitConverter.GetBytes(session));

    private byte[] Ask(byte command, byte[] payload)
    {
        var request = new byte[HeaderSize + payload.Length];
        Magic.CopyTo(request, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(14), (ushort)request.Length);
        (request[16], request[17]) = (EventPipe, command);
        payload.CopyTo(request, HeaderSize);
        fixed (byte* start = request)
        {
            if (LibC.send(_socket.Number, start, request.Length, LibC.MSG_NOSIGNAL) != request.Length) throw new IOException($"cannot ask the runtime: {Errno.Last}");
        }
        var header = new byte[HeaderSize];
        ReadExactly(header);
        var answer = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(14)) - HeaderSize];
        ReadExactly(answer);
        return header[16] == Server && header[17] == Ok ? answer : throw new IOException("the runtime refuses to be traced");
    }

    /// <exception cref="IOException">The time is up, or the stream has ended.</exception>
    internal void ReadExactly(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var left = _patience - _since.Elapsed;
            var poll = new pollfd { fd = _socket.Number, events = LibC.POLLIN };
            if (left <= TimeSpan.Zero || LibC.poll(&poll, 1, (int)left.TotalMilliseconds + 1) == 0)
                throw new IOException($"the runtime does not answer within {_patience.TotalSeconds} s");
            ssize_t count;
            fixed (byte* start = buffer) count = LibC.recv(_socket.Number, start, buffer.Length, LibC.MSG_DONTWAIT);
            if (count < 0 && (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR)) continue;
            if (count <= 0) throw new IOException("the runtime has closed the connection");
            buffer = buffer[(int)count..];
        }
    }

    public void Dispose() => _socket.Dispose();
}
