using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>The kernel's <c>struct sockaddr</c> as an end point.</summary>
internal static unsafe class SocketAddress
{
    /// <returns>Null for a Unix socket whose name .NET cannot express, for an unnamed Unix socket (a client that has not bound its own) and for families that are not ours.</returns>
    internal static EndPoint? Decode(ReadOnlySpan<byte> address)
    {
        if (address.Length < 2) return null;
        return BitConverter.ToUInt16(address) switch
        {
            LibC.AF_INET => new IPEndPoint(new IPAddress(address.Slice(4, 4)), Port(address)),
            LibC.AF_INET6 => new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), Port(address)),
            LibC.AF_UNIX => DecodeUnix(address[2..]),
            _ => null,
        };
    }

    /// <summary>The socket's own address.</summary>
    internal static EndPoint? OfSocket(int descriptor)
    {
        var address = stackalloc byte[LibC.SocketAddressSize];
        uint length = LibC.SocketAddressSize;
        return LibC.getsockname(descriptor, address, &length) < 0 ? null : Decode(new ReadOnlySpan<byte>(address, (int)length));
    }

    private static int Port(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);

    private static UnixDomainSocketEndPoint? DecodeUnix(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return null;
        // A path ends at its terminator, which may or may not be counted; an abstract name begins with zero and its length counts.
        if (name[0] != 0 && name.IndexOf((byte)0) is var end and >= 0) name = name[..end];
        try
        {
            return new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(name));
        }
        catch (ArgumentException)
        {
            // The kernel takes bytes that are no text, and one more of them than .NET does; a client may call itself so.
            return null;
        }
    }
}
