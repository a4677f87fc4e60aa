namespace StarletNet.Bench.Peers;

/// <summary>nginx with the same bytes as constants and files.</summary>
internal static class NginxPeer
{
    internal static readonly Peer Peer = new("nginx", "nginx, 2 workers, return 200 and files", "nginx", 2, (ground, place) => Start(ground, place, 2))
    {
        StartDeployable = (ground, place) => Start(ground, place, 2),
        StartHello = (ground, place, count) => Start(ground, place, count),
        Roles = new Roles(null, 0, 1),
        CanBlock = false,
        // A constant is sent while the body is still on its way; wrk then takes the connection for free.
        ReadsBodies = false,
    };

    private static Launch Start(Ground ground, Place place, int workers)
    {
        var nginx = Ground.Needed("nginx", "nginx-light");
        var name = Guid.NewGuid().ToString("N")[..8];
        var prefix = Directory.CreateDirectory(ground.Scratch.File(name));
        File.SetUnixFileMode(prefix.FullName, (UnixFileMode)0b111_101_101);
        var configuration = ground.Scratch.Write($"{name}.conf", Configuration(ground, place, workers));
        return new Launch(nginx, ["-p", prefix.FullName, "-c", configuration, "-e", "stderr"]);
    }

    private static string Configuration(Ground ground, Place place, int workers)
    {
        var listen = place.Door switch
        {
            Door.Unix => $"unix:{place.Path}",
            Door.Http2 => $"127.0.0.1:{place.Port} http2",
            Door.Tls => $"127.0.0.1:{place.Port} ssl http2",
            _ => $"127.0.0.1:{place.Port}",
        };
        // Asked for only where needed: making a certificate costs nothing then.
        var certificate = place.Door == Door.Tls ? $"ssl_certificate {ground.Certificate.CertificateFile}; ssl_certificate_key {ground.Certificate.KeyFile};" : "";
        return $$"""
            daemon off;
            pid nginx.pid;
            error_log stderr error;
            worker_processes {{workers}};
            worker_rlimit_nofile 20000;
            events { worker_connections 16384; }
            http {
                access_log off;
                keepalive_requests 1000000000;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                server {
                    listen {{listen}} backlog=65535;
                    {{certificate}}
                    default_type text/plain;
                    location = / { return 200 "Hello, World!\n"; }
                    location = /json { default_type application/json; return 200 '{{Ground.Json}}'; }
                    location /bytes/ { root {{ground.Files}}; default_type application/octet-stream; sendfile on; open_file_cache max=10; }
                }
            }
            """;
    }
}
