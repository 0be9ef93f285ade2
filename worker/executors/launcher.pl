# The launcher: a small process that forks a worker's programs, since a fork of the worker itself blocks its event loop for 2 ms.
# It is their guard as well: when the worker is gone, or was not heard of for so long that its leases end, what it started is killed.
#
# Perl, since every Debian, Ubuntu, Fedora and Arch has it without a compiler; its base modules alone. launcher.ts is the other end.
#
# Where a program gets no cgroup, a warden stands above it: a fork of the launcher that inherits whatever the program leaves behind
# (PR_SET_CHILD_SUBREAPER), whatever session, environment or name that has. So it can kill all of it, which it does at SIGTERM and when
# the launcher dies, and it knows when nothing is left: then it ends. Others find it by its name, `mlqueue warden <task>.<attempt>`.
#
# stdin: frames `<bytes>\n<fields between NULs>`.
#   H prctl execve                first: the numbers of these system calls here, or 0
#   S id task attempt cgroup cwd file, then five lists, each after its length: limits (cgroup, file, value, …), used folders (path,
#     new path, a file that may stay, …), folders to make, files to write (path, text, …), arguments; then NAME=value…; cgroup: a folder
#     to make and enter, or empty
#   C id…                         their pipes were opened
#   G seconds                     what runs may go on for so long; a later frame counts anew
# stdout: lines.
#   R fd                 ready, in answer to H; a pipe to try
#   P id pid fd fd [left] it runs, in a session of its own; pipes with its stdout and stderr, to be opened by /proc/<launcher>/fd/<fd>.
#                        Pipes and not sockets, or a program could not open /dev/stdout and /dev/stderr.
#                        left: a used folder is not as it was made, and is still there
#   F id errno stage     it could not be started: "needs", what it needs could not be made, or "start"
#   X id status [gone]   it ended, as wait(2) says; always after P; gone: and nothing that it started is left
#   K                    the guard kills what runs; their X follow
use strict;
use warnings;
use Errno  ();
use Fcntl  ();
use POSIX  ();

$^F = 2;    # every other descriptor is closed by exec
binmode STDIN;
binmode STDOUT;

# Whatever was open when the worker was started is none of its programs' business.
if ( opendir my $open, '/proc/self/fd' ) {
    my @open = grep { /^\d+$/ && $_ > 2 } readdir $open;
    closedir $open;
    POSIX::close($_) for @open;
}

my ( $prctl, $execve ) = ( 0, 0 );
my %program;     # pid => { id, task, attempt, cgroup, limited }
my ( %left, %left_before );    # what ended and left something behind: the worker's to kill, while it lives and moves
my %starting;    # pid => the pipe that exec closes
my %output;      # id => the reading ends of its stdout and stderr, until the worker has opened them
my %warden;      # pid of each that lives => its program's
my %heard;       # pid of a program => the pipe by which its warden tells of its end
my $deadline;    # by uptime, which counts a suspend, in seconds
my $self = $$;

pipe( my $hear, my $tell ) or die "pipe: $!";
fcntl( $_, Fcntl::F_SETFL(), Fcntl::O_NONBLOCK() ) for $hear, $tell;
$SIG{CHLD} = sub { local $!; syswrite $tell, 'x' };
$SIG{$_} = 'IGNORE' for qw(PIPE INT TERM HUP);

my $answers = '';
sub answer { $answers .= "@_\n" }

# What is known at one time goes in one write: each wakes the worker.
sub send_answers {
    while ( length $answers ) {
        my $written = syswrite STDOUT, $answers;
        if ( defined $written ) { substr( $answers, 0, $written ) = '' }
        elsif ( !$!{EINTR} )    { last }    # the worker is gone: its end of stdin says so, too
    }
}

sub uptime {
    open my $file, '<', '/proc/uptime' or return time;
    my ($seconds) = split ' ', <$file>;
    return $seconds;
}

sub make_folder {
    my ($folder) = @_;
    return 1 if mkdir $folder or $!{EEXIST};
    return   if !$!{ENOENT} || $folder !~ m{^(.+)/};
    make_folder($1) or return;
    return mkdir $folder || $!{EEXIST};
}

# A limit that cannot be set is told in the worker's log; the program runs without.
sub set_limits {
    my ( $task, @limits ) = @_;
    while ( my ( $folder, $file, $value ) = splice @limits, 0, 3 ) {
        make_folder($folder) && write_file( "$folder/$file", $value )
          or print STDERR "launcher: $file of $task could not be set: $!\n";
    }
}

sub enter {
    my ($folder) = @_;
    write_file( "$folder/cgroup.procs", '0' ) or print STDERR "launcher: $folder could not be entered: $!\n";
}

sub write_file {
    my ( $path, $text ) = @_;
    open my $file, '>', $path or return;
    while ( length $text ) { substr( $text, 0, syswrite( $file, $text ) || return ) = '' }
    return close $file;
}

# Gives a folder that another program was done with its new name, if it is as it was made, but for one file that is written anew.
sub take_over {
    my ( $old, $new, $kept ) = @_;
    my ( $mode, $owner ) = ( lstat $old )[ 2, 4 ] or return;
    return if $mode != ( 040777 & ~umask ) || $owner != $>;
    opendir my $folder, $old or return;
    my @names = grep { $_ ne '.' && $_ ne '..' } readdir $folder;
    closedir $folder;
    for my $name (@names) {
        return if $name ne $kept;
        my ( $type, $links, $by ) = ( lstat "$old/$name" )[ 2, 3, 4 ] or return;
        return if $type != ( 0100666 & ~umask ) || $links != 1 || $by != $>;
    }
    return rename $old, $new;
}

# What was in it before is replaced, in the room that it had.
sub rewrite_file {
    my ( $path, $text ) = @_;
    sysopen my $file, $path, Fcntl::O_WRONLY() | Fcntl::O_CREAT() | Fcntl::O_NOFOLLOW() or return;
    my $length = length $text;
    while ( length $text ) { substr( $text, 0, syswrite( $file, $text ) || return ) = '' }
    truncate $file, $length or return if -s $file > $length;
    return close $file;
}

# In the child. Returns only when something failed, with the reason in $! and where it was.
sub become {
    my ( $tell, $out, $err, $groups, $cwd, $program, $used, $folders, $files ) = @_;
    $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE INT TERM HUP);
    POSIX::setsid();
    syscall( $prctl, 1, 9 ) if $prctl;                # PR_SET_PDEATHSIG: die with the launcher
    POSIX::_exit(127)       if getppid() != $self;    # which died before that
    enter($_) for @$groups;
    my $is_left;
    while ( my @one = splice @$used, 0, 3 ) { $is_left = 1 if !take_over(@one) }
    syswrite $tell, 'left ' if $is_left;
    for my $folder (@$folders) { make_folder($folder)             or return 'needs' }
    while ( my ( $path, $text ) = splice @$files, 0, 2 ) { rewrite_file( $path, $text ) or return 'needs' }
    my $null = POSIX::open( '/dev/null', POSIX::O_RDONLY() );
    return 'start' if !defined $null;
    POSIX::dup2( $null,        0 );
    POSIX::close($null);
    POSIX::dup2( fileno($out), 1 );
    POSIX::dup2( fileno($err), 2 );
    chdir $cwd or return 'start';
    my ( $file, $arguments, $environment, @packed ) = @$program;
    syscall( $execve, $file, @packed ) if @packed;
    return 'start' if @packed && !$!{ENOEXEC};

    # A text without a first line that names its interpreter is for sh(1).
    %ENV = map { /^([^=]*)=(.*)$/s ? ( $1 => $2 ) : () } @$environment;
    no warnings 'exec';
    exec {$file} @$arguments;
    return 'start';
}

# Pointers to the strings, and a null one. Made before the fork: what the child writes is copied page by page.
sub packed { return pack( 'p*', @{ $_[0] } ) . pack( 'J', 0 ) }

# A fork whose child begins in a new cgroup: clone3(2), since entering one later takes a lock that costs 0.2 ms. undef where that
# cannot be had: the child is then forked outside; who looks for its cgroup finds none, and proves its death in another way.
sub fork_into {
    my ($cgroup) = @_;
    # Again, since another worker that starts may take the empty one away just now.
    for ( 1 .. 3 ) {
        make_folder($cgroup) or next;
        sysopen my $folder, $cgroup, Fcntl::O_RDONLY() | Fcntl::O_DIRECTORY() or next;

        # struct clone_args: flags CLONE_INTO_CGROUP, pidfd, child_tid, parent_tid, exit_signal, stack, its size, tls, set_tid, its size, cgroup
        my $how = pack 'Q11', 1 << 33, 0, 0, 0, POSIX::SIGCHLD(), 0, 0, 0, 0, 0, fileno $folder;
        my $pid = syscall 435, $how, length $how;
        return $pid if $pid >= 0;
    }
    rmdir $cgroup;
    return;
}

sub ignore_all_but_own {
    my ($own) = @_;
    opendir my $open, '/proc/self/fd' or return;
    my @open = grep { /^\d+$/ && $_ > 2 && $_ != $own } readdir $open;
    closedir $open;
    POSIX::close($_) for @open;
    my $null = POSIX::open( '/dev/null', POSIX::O_RDWR() ) // return;
    POSIX::dup2( $null, $_ ) for 0, 1;
    POSIX::close($null);
}

# Children of a process, of all its threads.
sub children_of {
    my ($pid) = @_;
    my @found;
    opendir my $threads, "/proc/$pid/task" or return;
    for my $thread ( grep { /^\d+$/ } readdir $threads ) {
        open my $file, '<', "/proc/$pid/task/$thread/children" or next;
        push @found, split ' ', <$file> // '';
    }
    return @found;
}

# For kernels without that file.
sub children_by_parent {
    my ($parent) = @_;
    my @found;
    opendir my $proc, '/proc' or return;
    for my $pid ( grep { /^\d+$/ } readdir $proc ) {
        open my $file, '<', "/proc/$pid/stat" or next;
        push @found, $pid if ( <$file> // '' ) =~ /.*\) \S (\d+)/s && $1 == $parent;
    }
    return @found;
}

my $lists_children;

# All that is below this process, each before its children are looked for again: those of a dead one come to the warden.
sub kill_below {
    $lists_children //= -e "/proc/$$/task/$$/children";
    my @below = ($$);
    while ( defined( my $pid = shift @below ) ) {
        my @children = $lists_children ? children_of($pid) : children_by_parent($pid);
        kill 'KILL', $pid if $pid != $$;
        push @below, @children;
    }
}

# Some that cannot be killed run as another user, through sudo for instance.
my $KILLING_SECONDS = 30;

# Never returns. Tells its program's pid or the errno of the fork, then its end as wait(2) says, and whether nothing was left.
sub be_warden {
    my ( $told, $name, $become ) = @_;
    my $is_ending = 0;
    $SIG{$_} = 'IGNORE'                for qw(INT HUP PIPE);
    $SIG{CHLD} = sub { };
    $SIG{TERM} = sub { $is_ending = 1 };
    # What comes between a look and the wait for the next one is not to be missed.
    my $blocked = POSIX::SigSet->new( POSIX::SIGCHLD(), POSIX::SIGTERM() );
    POSIX::sigprocmask( POSIX::SIG_BLOCK(), $blocked );
    syscall( $prctl, 36, 1 );     # PR_SET_CHILD_SUBREAPER
    syscall( $prctl, 1, 15 );     # PR_SET_PDEATHSIG
    POSIX::_exit(127) if getppid() != $self;
    $self = $$;
    $0    = "mlqueue warden $name";
    my $program = fork;
    if ( defined $program && $program == 0 ) {
        POSIX::sigprocmask( POSIX::SIG_UNBLOCK(), $blocked );
        $become->();
    }
    ignore_all_but_own( fileno $told );
    syswrite $told, defined $program ? "$program\n" : -$! . "\n";
    POSIX::_exit(127) if !defined $program;
    my ( $status, $end_by );
    while (1) {
        my $pid = 0;
        while ( ( $pid = waitpid -1, POSIX::WNOHANG() ) > 0 ) { $status = $? if $pid == $program }
        my $is_empty = $pid < 0;
        if ( defined $status ) {
            syswrite $told, $status . ( $is_empty ? " gone\n" : " left\n" );
            undef $status;
        }
        POSIX::_exit(0) if $is_empty;
        if   ( !$is_ending ) { POSIX::sigsuspend( POSIX::SigSet->new ); next }
        $end_by //= uptime() + $KILLING_SECONDS;
        POSIX::_exit(0) if uptime() > $end_by;
        kill_below();
        select undef, undef, undef, 0.001;
    }
}

# As fork, with a warden between. undef with $! where that failed.
sub fork_below_warden {
    my ( $name, $become ) = @_;
    pipe( my $from, my $told ) or return;
    my $warden = fork // return;
    be_warden( $told, $name, $become ) if $warden == 0;
    close $told;
    my $line = line_of($from);
    if ( $line !~ /^\d+$/ ) {
        $! = $line =~ /^-(\d+)$/ ? $1 : Errno::EAGAIN();
        return;
    }
    $warden{$warden} = $line;
    $heard{$line}    = $from;
    return $line + 0;
}

# At once, or when it is there. Empty: whoever was to tell is dead.
sub line_of {
    my ($from) = @_;
    my $line = '';
    while ( $line !~ /\n/ ) {
        my $read = sysread $from, $line, 1, length $line;
        last if defined $read ? $read == 0 : !$!{EINTR};
    }
    chomp $line;
    return $line;
}

# A warden tells of its program's end, or was killed before it could.
sub hear {
    my ($pid) = @_;
    my ( $status, $rest ) = line_of( delete $heard{$pid} ) =~ /^(\d+) (\w+)$/;
    started($pid);
    my $ended = delete $program{$pid} or return;
    my $is_gone = defined $rest && $rest eq 'gone';
    $left{ $ended->{id} } = $ended if !$is_gone;
    answer( 'X', $ended->{id}, $status // 9, $is_gone ? 'gone' : () );
}

sub start {
    my ( $id, $task, $attempt, $cgroup, $cwd, $file, @rest ) = @_;
    my @lists = map { [ splice @rest, 0, shift @rest ] } 1 .. 5;
    my @limits = @{ shift @lists };
    set_limits( $task, @limits );
    my %groups = map { ( $limits[ 3 * $_ ] => 1 ) } 0 .. @limits / 3 - 1;
    delete $groups{$cgroup};
    my ( $from, $to, $out_from, $out_to, $err_from, $err_to );
    pipe( $from, $to ) && pipe( $out_from, $out_to ) && pipe( $err_from, $err_to )
      or return answer( 'F', $id, $! + 0, 'start' );
    my ( $used, $folders, $files, $arguments ) = @lists;
    my $program = [ $file, $arguments, \@rest, $execve ? ( packed($arguments), packed( \@rest ) ) : () ];
    my $become = sub {
        my $stage = become( $to, $out_to, $err_to, [ keys %groups ], $cwd, $program, $used, $folders, $files );
        syswrite $to, $! + 0 . " $stage";
        POSIX::_exit(127);
    };
    my $pid =
        $cgroup eq '' && $prctl
      ? fork_below_warden( "$task.$attempt", $become )
      : ( $cgroup ne '' ? fork_into($cgroup) : undef ) // fork;
    return answer( 'F', $id, $! + 0, 'start' ) if !defined $pid;
    $become->() if $pid == 0;
    $program{$pid} = { id => $id, task => $task, attempt => $attempt, cgroup => $cgroup, limited => scalar @limits };
    $starting{$pid} = $from;
    $output{$id} = [ $out_from, $err_from ];
}

# The pipe was closed by exec, or it carries the errno of what failed, and the stage.
sub started {
    my ($pid) = @_;
    my $from = delete $starting{$pid} or return;
    my $told = '';
    while (1) {
        my $read = sysread $from, $told, 32, length $told;
        last if defined $read ? $read == 0 : !$!{EINTR};
    }
    my ( $left, $errno ) = $told =~ /^(left)? ?(.*)/;
    my $id = $program{$pid}{id};
    return answer( 'P', $id, $pid, ( map { fileno $_ } @{ $output{$id} } ), $left // () ) if $errno eq '';
    delete $program{$pid};
    delete $output{$id};
    answer( 'F', $id, $errno );
}

sub reap {
    while ( ( my $pid = waitpid -1, POSIX::WNOHANG() ) > 0 ) {
        my $status = $?;
        next if delete $warden{$pid};
        started($pid);
        my $ended = delete $program{$pid} or next;

        # That fails while anything is in it. What was moved out of it has stayed in its group. One with limits tells of them first.
        my $is_gone = $ended->{cgroup} ne '' && !$ended->{limited} && !kill( 0, -$pid ) && rmdir $ended->{cgroup};
        $left{ $ended->{id} } = $ended if !$is_gone;
        answer( 'X', $ended->{id}, $status, $is_gone ? 'gone' : () );
    }
}

# Processes that left their group carry the attempt's mark in the environment they were started with.
sub marked {
    my %wanted = map { ( "$_->{task} $_->{attempt}" => 1 ) } @_;
    opendir my $proc, '/proc' or return;
    my @found;
    for my $pid ( grep { /^\d+$/ && $_ != $self } readdir $proc ) {
        open my $file, '<', "/proc/$pid/environ" or next;
        local $/;
        my $environ = "\0" . ( <$file> // '' );
        my ($task)    = $environ =~ /\0MLQUEUE_TASK_ID=([^\0]*)\0/   or next;
        my ($attempt) = $environ =~ /\0MLQUEUE_ATTEMPT=([^\0]*)\0/ or next;
        push @found, $pid if $wanted{"$task $attempt"};
    }
    return @found;
}

# Whether there is anything that the guard may have to kill.
sub watches { return defined $deadline && ( %program || %left || %left_before ) }

sub kill_all {
    my @ours = ( values %program, values %left, values %left_before );
    %left = %left_before = ();
    for ( 1 .. 250 ) {
        for my $cgroup ( grep { $_ ne '' } map { $_->{cgroup} } @ours ) {
            if ( open my $kill, '+<', "$cgroup/cgroup.kill" ) { syswrite $kill, '1' }
        }
        kill 'TERM', keys %warden;
        kill 'KILL', map { -$_ } keys %program;
        my @marked = marked(@ours);
        kill 'KILL', @marked if @marked;
        reap();
        hear($_) for grep { is_readable( $heard{$_} ) } keys %heard;
        send_answers();
        return if !@marked && !%program && !%warden;
        select undef, undef, undef, 0.02;
    }
}

sub is_readable {
    my ($from) = @_;
    vec( my $bits = '', fileno $from, 1 ) = 1;
    return select( $bits, undef, undef, 0 ) > 0;
}

# A worker that tells this twice after an end has long seen to what that left behind.
sub guard {
    my ($seconds) = @_;
    $deadline    = uptime() + $seconds;
    %left_before = %left;
    %left        = ();
}

sub obey {
    my ( $verb, @fields ) = split /\0/, $_[0], -1;
    if    ( $verb eq 'S' ) { start(@fields) }
    elsif ( $verb eq 'G' ) { guard( $fields[0] ) }
    elsif ( $verb eq 'C' ) { delete @output{@fields} }
    elsif ( $verb eq 'H' ) { ( $prctl, $execve ) = map { $_ + 0 } @fields; answer( 'R', fileno $hear ) }
}

my $input = '';
while (1) {
    my $waiting = '';
    vec( $waiting, fileno $_, 1 ) = 1 for *STDIN, $hear, values %starting, values %heard;
    my $found = select $waiting, undef, undef, watches() ? 1 : undef;
    $waiting = '' if $found < 0;
    for my $pid ( keys %starting ) { started($pid) if $waiting ne '' && vec $waiting, fileno $starting{$pid}, 1 }
    for my $pid ( keys %heard )    { hear($pid)    if $waiting ne '' && vec $waiting, fileno $heard{$pid},    1 }
    if ( $waiting ne '' && vec $waiting, fileno $hear, 1 ) { sysread $hear, my $rest, 4096 }
    reap();
    send_answers();
    if ( $waiting ne '' && vec $waiting, fileno STDIN, 1 ) {
        my $read = sysread STDIN, $input, 262144, length $input;
        if ( defined $read ? $read == 0 : !$!{EINTR} ) { kill_all(); exit 0 }
        while ( $input =~ /^(\d+)\n/ && length $input >= $+[0] + $1 ) {
            my ( $head, $length ) = ( $+[0], $1 );
            my $frame = substr $input, $head, $length;
            substr( $input, 0, $head + $length ) = '';
            obey($frame);
        }
        send_answers();
    }
    if ( watches() && uptime() > $deadline ) {
        undef $deadline;
        answer('K');
        kill_all();
    }
}
