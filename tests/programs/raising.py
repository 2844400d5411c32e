class AppError(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


class Quiet(AppError):
    pass


def fail(code):
    raise AppError(code)


def convert(code):
    try:
        fail(code)
    except AppError as error:
        if error.code == 1:
            raise Quiet(2) from None
        raise


def handle(code):
    try:
        convert(code)
    except Quiet as quiet:
        return quiet.code
    except AppError:
        return "app"
    return "none"


print(handle(1), handle(3))
try:
    raise Quiet
except TypeError as error:
    message = str(error)
try:
    undefined_name
except NameError:
    pass
