# Programs that do not want to end. All that they start carries the mark in its arguments, whatever else it hides.
# Arguments: folder to say in that it is at work; kind (never-ending.ts); mark.
use strict;
use warnings;
use POSIX ();

my ( $folder, $kind, $mark ) = @ARGV;
$| = 1;

sub ignore_signals { $SIG{$_} = 'IGNORE' for qw(TERM INT HUP QUIT USR1 USR2 PIPE ALRM) }

# Of no use to anybody, under a name that has the mark.
sub sleep_on {
    exec { -x '/usr/bin/sleep' ? '/usr/bin/sleep' : '/bin/sleep' } "sleep-$mark", '86400' or POSIX::_exit(1);
}

sub child {
    my ($work) = @_;
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    return $pid if $pid;
    $work->();
    POSIX::_exit(0);
}

# As daemon(3), and without environment and descriptors: nothing but its arguments tells where it came from.
sub daemonise {
    my ($work) = @_;
    my $first = child(
        sub {
            POSIX::setsid();
            child(
                sub {
                    chdir '/';
                    POSIX::close($_) for 0 .. 63;
                    %ENV = ();
                    $work->();
                }
            );
        }
    );
    waitpid $first, 0;
}

sub enter {
    my ($file) = @_;
    open my $list, '>', $file or return;
    syswrite $list, "0\n";
}

sub stay { sleep 3600 while 1 }

my $sign = "$folder/$ENV{MLQUEUE_TASK_ID}";

sub at_work {
    open my $file, '>', $sign or die "$sign: $!";
    close $file;
}

my %kinds = (
    deaf => sub { ignore_signals(); at_work(); stay() },
    daemon => sub { daemonise( \&sleep_on ); at_work(); stay() },
    # Its leader ends at SIGTERM, as is right, and leaves a daemon that it starts only then.
    reborn => sub {
        $SIG{TERM} = sub { daemonise( \&sleep_on ); POSIX::_exit(0) };
        at_work();
        stay();
    },
    crowd => sub {
        ignore_signals();
        for ( 1 .. 30 ) {
            child( sub { POSIX::setsid() if rand() < 0.5; child( \&sleep_on ) for 1 .. 2; stay() } );
        }
        at_work();
        stay();
    },
    # Each forks its heir and ends, in a session of its own: no look at a list of processes finds it twice at the same place, and few
    # find it at all. So it gives its sign again and again, and for ten minutes only, since nobody could end one that got away.
    hopper => sub {
        ignore_signals();
        daemonise(
            sub {
                my $until = time + 600;
                while ( time < $until ) {
                    my $pid = fork;
                    if ( !defined $pid ) { select undef, undef, undef, 0.01; next }
                    POSIX::_exit(0) if $pid;
                    POSIX::setsid();
                    utime undef, undef, $sign;
                    select undef, undef, undef, 0.002;
                }
            }
        );
        at_work();
        stay();
    },
    # What is killed of it is forked again by its brothers, as long as there is one.
    hydra => sub {
        ignore_signals();
        my $head;
        $head = sub {
            POSIX::setsid();
            while (1) {
                my @heads = map { child( sub { select undef, undef, undef, 0.05; stay() if rand() < 0.9; $head->() } ) } 1 .. 3;
                waitpid $_, 0 for @heads;
            }
        };
        child($head) for 1 .. 4;
        at_work();
        stay();
    },
    renamed => sub {
        ignore_signals();
        %ENV = ( MLQUEUE_TASK_ID => $ENV{MLQUEUE_TASK_ID} );
        $0 = "[kworker/0:0-$mark]";
        at_work();
        stay();
    },
    stopped => sub {
        ignore_signals();
        child( sub { kill 'STOP', $$; stay() } );
        at_work();
        kill 'STOP', $$;
        stay();
    },
    # Each of two is held by the other's ptrace(2) where this machine lets them (x86-64 and arm64 have the numbers).
    traced => sub {
        ignore_signals();
        my $machine = ( POSIX::uname() )[4];
        my $ptrace = $machine eq 'x86_64' ? 101 : 117;
        child( sub { syscall $ptrace, 0, 0, 0, 0; kill 'STOP', $$; stay() } );
        at_work();
        stay();
    },
    flood => sub {
        ignore_signals();
        child( sub { print STDERR 'x' x 4000, "\n" while 1 } );
        at_work();
        print 'y' x 4000, "\n" while 1;
    },
    # Reads what nobody writes, and what it started holds its output open.
    pipe => sub {
        ignore_signals();
        pipe my $from, my $to or die "pipe: $!";
        child( sub { POSIX::setsid(); %ENV = (); sleep_on() } );
        at_work();
        sysread $from, my $nothing, 1;
    },
    # Cgroups below its own, three deep and a process in each, where it may make such.
    nested => sub {
        ignore_signals();
        open my $list, '<', '/proc/self/cgroup' or die "/proc/self/cgroup: $!";
        my ($own) = map { /^0::(.*)/ ? $1 : () } <$list>;
        my ($tree) = grep { -e "$_$own/cgroup.procs" } '/sys/fs/cgroup/unified', '/sys/fs/cgroup';
        my $below = defined $tree ? "$tree$own" : '';
        for my $depth ( 1 .. 3 ) {
            $below .= "/below-$depth";
            mkdir $below or last;
            child( sub { enter("$below/cgroup.procs"); sleep_on() } );
        }
        at_work();
        stay();
    },
    # Out of its cgroup, which an administrator's tools do; what it cannot drop is its group.
    moved => sub {
        ignore_signals();
        my ($tree) = grep { -e "$_/cgroup.procs" } '/sys/fs/cgroup/unified', '/sys/fs/cgroup';
        enter("$tree/cgroup.procs") if defined $tree;
        at_work();
        stay();
    },
    # A namespace of its own, in which it is process 1 and cannot be told to end from within.
    namespace => sub {
        ignore_signals();
        child(
            sub {
                exec 'unshare', '--user', '--map-root-user', '--pid', '--fork', 'setsid', 'perl', '-e', '$SIG{TERM} = "IGNORE"; sleep 3600 while 1', $mark
                  or sleep_on();
            }
        );
        at_work();
        stay();
    },
);

( $kinds{$kind} // die "There is no kind $kind.\n" )->();
