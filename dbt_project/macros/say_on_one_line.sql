{# What tells a person which item it is: the parts that say something, once each, on one line of at most 140 characters; null where none does. #}
{% macro say_on_one_line(parts) -%}
    nullif(
        trim(
            left(
                regexp_replace(
                    concat_ws(
                        ' '
                        {%- for part in parts %},
                            case
                                when
                                    upper({{ part }}) not in ('NOTPROVIDED', 'NONREF')
                                    {%- for before in parts[:loop.index0] %}
                                        and not contains(coalesce({{ before }}, ''), {{ part }})
                                    {%- endfor %}
                                    then {{ part }}
                            end
                        {%- endfor %}
                    ),
                    '\s+',
                    ' ',
                    'g'
                ),
                140
            )
        ),
        ''
    )
{%- endmacro %}
