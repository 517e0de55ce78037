# Completion of jobs-bridge for bash: verbs, actions, options, files and the values that are words.
# Nothing is asked of a broker or an endpoint.

_jobs_bridge_options() {
    local common='-c --config -? --help --usage'
    case $1 in
        run) echo "-l --log-level $common" ;;
        check) echo "$common" ;;
        send) echo "-t --thing -j --job -n --namespace -d --dry-run -w --timeout -r --repeat \
            -l --lines -R --rate -v --verbose $common" ;;
        watch) echo "-t --thing -j --job -n --namespace -N --notify -J --json -k --count \
            -w --timeout $common" ;;
        jobs) echo "-j --job -t --thing -n --namespace -D --document -d --description -s --status \
            -m --comment -f --force -J --json $common" ;;
        policy) echo "-t --thing -j --job -n --namespace -k --known $common" ;;
        dead) echo "-a --all -J --json -w --timeout $common" ;;
    esac
}

# The words that stand without a dash.
_jobs_bridge_words() {
    case $1 in
        jobs) echo 'create describe list document update cancel delete executions' ;;
        policy) echo 'test' ;;
        dead) echo 'list show replay drop' ;;
        help) echo "$_jobs_bridge_verbs" ;;
    esac
}

# The values of an option; no status of success: it takes none, or one that nobody can guess.
_jobs_bridge_values() {
    case $1:$2 in
        *:-c | *:--config) compgen -f -- "$3" ;;
        run:-l | run:--log-level) compgen -W 'error warn info debug' -- "$3" ;;
        *:-w | *:--timeout) compgen -W '1s 5s 15s 1m 5m 1h' -- "$3" ;;
        jobs:-s | jobs:--status)
            compgen -W 'QUEUED IN_PROGRESS SUCCEEDED FAILED TIMED_OUT REJECTED REMOVED CANCELED
                COMPLETED DELETION_IN_PROGRESS SCHEDULED' -- "$3" ;;
        *:-[tjnrRkDdmk] | *:--thing | *:--job | *:--namespace | *:--repeat | *:--rate | \
            *:--count | *:--known | *:--document | *:--description | *:--comment)
            [ "$1:$2" != send:-d ] ;; # the one letter that is a flag of another verb
        *) return 1 ;;
    esac
}

_jobs_bridge() {
    local _jobs_bridge_verbs='run check send watch jobs policy dead version help'
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]} i
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$_jobs_bridge_verbs --help --version" -- "$word")
        return
    fi
    if [[ $word == = ]]; then # --option=: bash splits words there
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if _jobs_bridge_values "$verb" "$before" "$word" >/dev/null; then
        mapfile -t COMPREPLY < <(_jobs_bridge_values "$verb" "$before" "$word")
        [[ $before != -c && $before != --config ]] || compopt -o filenames 2>/dev/null
        return
    fi
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_jobs_bridge_options "$verb")" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do # an action is given once
        [[ " $(_jobs_bridge_words "$verb") " != *" ${COMP_WORDS[i]} "* ]] || return
    done
    mapfile -t COMPREPLY < <(compgen -W "$(_jobs_bridge_words "$verb")" -- "$word")
}

complete -F _jobs_bridge jobs-bridge
