# SPDX-License-Identifier: GPL-2.0-only
# Completion for bash. What there is to complete is read from `ipctrace --help`, so it can't go stale.

_ipctrace_words() # SECTION PATTERN: the first words of the lines of a section of the help
{
	ipctrace --help 2>/dev/null | sed -n "/^$1/,/^\$/s/^ \{2,\}\(${2}\)[ ,].*/\1/p"
}

_ipctrace()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} head tail i

	# Behind -- or the first word that is neither command nor option comes a program of its own.
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			elif ((i + 1 == COMP_CWORD)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$word")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$word")
			fi
			return
		fi
	done
	case $before in
	-p | --pid)
		head=${word%"${word##*,}"} tail=${word##*,}
		mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(cd /proc && echo [0-9]*)" -- "$tail")
		return ;;
	-e | --events)
		head=${word%"${word##*[,^]}"} tail=${word##*[,^]}
		mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(_ipctrace_words Mechanisms '[a-z]*')" -- "$tail")
		return ;;
	--ignore)
		head=${word%"${word##*,}"} tail=${word##*,}
		mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(_ipctrace_words Rules '[a-z-]*')" -- "$tail")
		return ;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$word")
		return ;;
	--hooks)
		mapfile -t COMPREPLY < <(compgen -W 'perf tp_btf' -- "$word")
		return ;;
	-f | --format)
		mapfile -t COMPREPLY < <(compgen -W 'text json dot svg html mermaid' -- "$word")
		return ;;
	-o | --output | -i | --input | --dot | --baseline | replay)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(ipctrace --help 2>/dev/null |
			sed -n '/^Options/,/^$/p' | grep -o -e '--[a-z][a-z-]*' | sort -u)" -- "$word")
	elif ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_ipctrace_words Commands '[a-z]*')" -- "$word")
	fi
}

complete -F _ipctrace ipctrace
