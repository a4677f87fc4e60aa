namespace StarletNet.StartServer.Tests.Processes;

/// <summary>Programs to supervise, in Perl: they start in milliseconds and add no descriptors, signals or threads of their own.</summary>
internal static class Children
{
    private const string Prelude =
        """
        use Socket; $| = 1;
        sub tell_supervisor { my $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); send($s, $_[0], 0, pack_sockaddr_un($n)) }
        sub wait_for { select(undef, undef, undef, 0.02) until -e $_[0] }
        sub up { print "up $ENV{SERVER_STARTER_GENERATION} $$\n" }
        for my $name (qw(TERM QUIT USR1)) { $SIG{$name} = sub { print "got $name $ENV{SERVER_STARTER_GENERATION}\n"; exit 0 } }

        """;

    /// <summary>Says it is up; ends on TERM, QUIT or USR1, saying which.</summary>
    internal static readonly string[] Serve = Perl("up(); sleep 60 while 1;");

    /// <summary>Dies at once with code 1.</summary>
    internal static readonly string[] DieEarly = Perl("exit 1;");

    /// <summary>Takes one connection after the other on every listener and answers with its generation.</summary>
    internal static readonly string[] Answer = Perl(
        """
        my @fds = map { /=(\d+)$/ } split /;/, $ENV{SERVER_STARTER_PORT};
        my @listeners = map { open(my $l, "+<&=", $_) or die "$_: $!"; $l } @fds;
        $SIG{PIPE} = 'IGNORE'; # a client that only looked whether somebody is there
        up();
        while (1) {
            my $r = ''; vec($r, $_, 1) = 1 for @fds;
            next if select($r, undef, undef, undef) < 1;
            for my $l (grep { vec($r, fileno($_), 1) } @listeners) {
                accept(my $c, $l) or die "accept: $!"; syswrite $c, "generation $ENV{SERVER_STARTER_GENERATION}\n"; close $c;
            }
        }
        """);

    internal static string[] Perl(string script, params string[] arguments) => ["perl", "-e", Prelude + script, .. arguments];

    /// <summary>An executable file that does the same, to be replaced as deploys do.</summary>
    internal static string Script(string[] child) => "#!/usr/bin/perl\n" + child[2];
}
