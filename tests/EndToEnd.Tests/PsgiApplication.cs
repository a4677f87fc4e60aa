using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The test application's endpoints (but WebSockets) in Perl, for Perl's servers.</summary>
internal static class PsgiApplication
{
    internal static readonly LoadPaths Paths = new() { WebSocket = null };

    private const string Source = """
        use strict;
        use Digest::SHA qw(sha256_hex);
        my $pattern = join '', map { chr(($_ * 31 + 7) % 251) } 0 .. 250;
        sub answer { [200, ['Content-Type', 'text/plain', 'Content-Length', length $_[0]], [$_[0]]] }
        sub {
            my $env = shift;
            my ($path, $number) = ($env->{PATH_INFO}, $env->{QUERY_STRING} =~ /(\d+)/);
            return answer($$) if $path eq '/pid';
            if ($path eq '/slow') { select undef, undef, undef, $number / 1000; return answer("slow\n") }
            return answer(substr $pattern x (1 + int($number / 251)), 0, $number) if $path eq '/large';
            if ($path eq '/upload') {
                my $body = '';
                while ($env->{'psgi.input'}->read(my $piece, 65536)) { $body .= $piece }
                return answer(length($body) . ' ' . sha256_hex($body));
            }
            answer("hello from version $ENV{APP_VERSION}\n");
        }
        """;

    internal static string Write(ScratchDirectory scratch) => scratch.Write("app.psgi", Source);
}
