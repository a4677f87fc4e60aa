using StarletNet.Master.Workers;

namespace StarletNet.Master.Tests.Workers;

public sealed class HeapShareTests
{
    private static readonly ContainerMemory Half = new(512 << 20, "/sys/fs/cgroup/memory.max");

    private static HeapShare Of(ContainerMemory? container, int workers, string? own = null, params string[] environment) =>
        HeapShare.Of(container, workers, environment.Prepend("HOME"), own);

    [Theory]
    [InlineData(2, 0xAAAA000)]
    [InlineData(3, 0x8000000)]
    [InlineData(7, 0x4000000)]
    public void A_part_for_each_worker_and_one_more(int workers, long bytes)
    {
        var share = Of(Half, workers);

        Assert.Equal(bytes, share.Bytes);
        Assert.Equal(bytes, Convert.ToInt64(share.Value, 16));
        Assert.Equal($"the 512M of /sys/fs/cgroup/memory.max, shared by {workers} workers and one more part", share.Why);
    }

    [Fact]
    public void Where_there_is_nothing_to_share_it_is_left_to_dotnet()
    {
        Assert.Null(Of(null, 4).Bytes);
        Assert.Null(Of(Half, 1).Bytes);
        Assert.Contains("one worker", Of(Half, 1).Why);
        Assert.False(Of(Half, 1).IsTooSmall);
    }

    [Theory]
    [InlineData("DOTNET_GCHeapHardLimit")]
    [InlineData("DOTNET_GCHeapHardLimitPercent")]
    [InlineData("DOTNET_GCHeapHardLimitSOH")]
    [InlineData("COMPlus_GCHeapHardLimit")]
    public void Who_has_set_a_limit_has_chosen(string variable)
    {
        Assert.Equal(new HeapShare(null, $"environment {variable}"), Of(Half, 2, null, variable));
        Assert.Equal("System.GC.HeapHardLimitPercent in the application's runtimeconfig.json", Of(Half, 2, "System.GC.HeapHardLimitPercent").Why);
        Assert.NotNull(Of(Half, 2, null, "DOTNET_GCHeapCount").Bytes);
    }

    [Fact]
    public void A_share_of_which_nobody_can_live_is_none()
    {
        Assert.Equal(32 << 20, Of(Half, 15).Bytes);

        var tooSmall = Of(Half, 16);
        Assert.Null(tooSmall.Bytes);
        Assert.True(tooSmall.IsTooSmall);
        Assert.Equal("the 512M of /sys/fs/cgroup/memory.max leave 30M for each of 16 workers, which is too little to set a limit", tooSmall.Why);
    }
}
